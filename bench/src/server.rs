//! A small HTTP server on a free port of the loopback: one thread a connection, so that an answer that is to come
//! after 8 ms comes after 8 ms and not at the next tick of a timer wheel.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::error::Error;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header field, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The same with one more header field.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Starts a server, which runs until the process ends; where it listens.
pub(crate) fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Port)?;
    let address = listener.local_addr().map_err(Error::Port)?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A function that goes away in the middle ends its connections: nothing to tell.
            thread::spawn(move || serve(stream, answer.as_ref()));
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream, answer: &impl Fn(Request) -> Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::with_capacity(64 * 1024, stream);
    while let Some(request) = read(&mut input, &mut output)? {
        let Answer { status, headers, body } = answer(request);
        let mut response =
            format!("HTTP/1.1 {status} {status}\r\ncontent-length: {}\r\n", body.len()).into_bytes();
        for (name, value) in headers {
            response.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        response.extend(b"\r\n");
        response.extend(body);
        output.write_all(&response)?;
    }
    Ok(())
}

/// The next request; `None` when the client has closed the connection.
fn read(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if input.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut fields);
    parsed.parse(&head).map_err(io::Error::other)?;
    let headers = parsed
        .headers
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned()));
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    if request.header("expect").is_some() {
        output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if request.header("transfer-encoding").is_some() {
        request.body = read_chunks(input)?;
    } else if let Some(length) = request.header("content-length") {
        let length: usize = length.parse().map_err(io::Error::other)?;
        request.body = vec![0; length];
        input.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

fn read_chunks(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let length = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(length, 16).map_err(io::Error::other)?;
        input.take(length).read_to_end(&mut body)?;
        let mut end = String::new();
        while input.read_line(&mut end)? > 2 && length == 0 {
            end.clear();
        }
        if length == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_a_length_and_in_chunks_are_read() {
        let mut answer = Vec::new();
        let both = b"PUT /a?b HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: 1\r\n\r\n"
            .as_slice();
        let mut input = BufReader::new(both);
        let first = read(&mut input, &mut answer).unwrap().unwrap();
        assert_eq!(
            (first.method.as_str(), first.target.as_str(), first.body.as_slice()),
            ("PUT", "/a?b", &b"abc"[..])
        );
        assert!(answer.starts_with(b"HTTP/1.1 100"));
        assert_eq!(read(&mut input, &mut answer).unwrap().unwrap().body, b"abcde");
        assert!(read(&mut input, &mut answer).unwrap().is_none());
    }
}
