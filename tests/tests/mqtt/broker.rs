//! Mosquitto as it stands in a house: infra/mosquitto/camhook.conf with paths and ports of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// The cameras of the tests. Each has a user of its own, whose name is the segment before `status` in its topics.
const CAMERAS: [&str; 5] = ["115", "200", "10D1DC228582", "way-back", "intruder"];

/// How many cameras named `killed-0` and so on there are.
pub(crate) const KILLED: usize = 12;

/// With every special character that a camera's page allows.
pub(crate) const PASSWORD: &str = "a!#()*-./?@[]^_{|}<1";

/// A broker with a bridge to the local cloud's IoT. Killed when it is dropped.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Broker {
    /// Starts a broker whose bridge shows the certificate that stack.json names.
    pub(crate) async fn start(stack: &Stack) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        configure(folder.path(), port, stack);
        let process = run(folder.path());
        let mut broker = Self { folder, port, process };
        broker.listens().await;
        broker
    }

    /// Waits until the broker has written down what it took of this topic. It acknowledges a message a moment
    /// before that: a camera's alarm that it took in this moment dies with it.
    pub(crate) async fn has_saved(&self, topic: &str) {
        let saved = async || {
            let log = self.log();
            let (_, after) = log.rsplit_once(&format!("'{topic}'"))?;
            after.contains("Saving in-memory database").then_some(())
        };
        wait::until(&format!("a database with {topic}"), saved).await;
    }

    /// Kills the broker, bridge and all, without a warning, and starts it again.
    pub(crate) async fn kill_and_start(&mut self) {
        self.process.kill().await.unwrap();
        self.process = run(self.folder.path());
        self.listens().await;
    }

    /// Publishes as a camera does, with QoS 1, and waits for the broker's word that it has it.
    pub(crate) async fn publish(&self, topic: &str, payload: &str) {
        let status = self.try_publish(camera(topic), PASSWORD, topic, payload).await;
        assert!(status.success(), "{topic} was not taken; the broker says:\n{}", self.log());
    }

    /// The same as any user and with a password that may be wrong.
    pub(crate) async fn try_publish(
        &self,
        user: &str,
        password: &str,
        topic: &str,
        payload: &str,
    ) -> ExitStatus {
        let mut command = self.client("mosquitto_pub", user, password);
        command.args(["-q", "1", "-t", topic, "-m", payload]);
        wait::within("a publication", command.status()).await.unwrap()
    }

    /// A camera that is connected and has a last will; killed when it is dropped.
    pub(crate) async fn connect(&self, topic: &str, will: &str) -> Child {
        let mut command = self.client("mosquitto_sub", camera(topic), PASSWORD);
        command.args(["-t", "nothing", "--will-topic", topic, "--will-payload", will, "--will-qos", "1"]);
        command.args(["-i", "a-camera"]);
        let camera = command.spawn().unwrap();
        let connected = async || self.log().contains("as a-camera").then_some(());
        wait::until("a connected camera", connected).await;
        camera
    }

    /// A camera that listens to a topic until one message came, which is then its output.
    pub(crate) async fn listen(&self, topic: &str) -> Child {
        let mut command = self.client("mosquitto_sub", camera(topic), PASSWORD);
        command.args(["-q", "1", "-t", topic, "-C", "1", "-i", "a-listener"]).stdout(Stdio::piped());
        let camera = command.spawn().unwrap();
        let subscribed = async || self.log().contains("SUBACK to a-listener").then_some(());
        wait::until("a subscribed camera", subscribed).await;
        camera
    }

    /// Waits until the bridge has asked the other side for a topic, and has its word.
    pub(crate) async fn bridge_listens(&self, topic: &str) {
        let subscribed = async || {
            let log = self.log();
            let (_, after) = log.rsplit_once(&format!("SUBSCRIBE (Mid: 1, Topic: {topic}"))?;
            after.contains("Received SUBACK from local.").then_some(())
        };
        wait::until("a bridge that listens", subscribed).await;
    }

    fn client(&self, program: &str, user: &str, password: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-u", user, "-P", password]);
        command.arg("--cafile").arg(self.folder.path().join("broker.crt"));
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command
    }

    /// What the broker wrote, from all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn listens(&mut self) {
        let (port, folder) = (self.port, self.folder.path().to_owned());
        let process = &mut self.process;
        wait::until("the broker", async || {
            let ended = process.try_wait().unwrap();
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "the broker ended:\n{}", log());
            TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop)
        })
        .await;
    }
}

/// The camera that a topic names: its second segment.
fn camera(topic: &str) -> &str {
    topic.split('/').nth(1).unwrap_or_default()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Debian keeps the broker where only the superuser looks.
fn program() -> PathBuf {
    let places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];
    let found = places.iter().map(PathBuf::from).find(|path| path.is_file());
    found.unwrap_or_else(|| PathBuf::from("mosquitto"))
}

fn run(folder: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = Command::new(program());
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    match command.spawn() {
        Ok(process) => process,
        Err(error) => panic!(
            "Mosquitto cannot be started, install it (apt-get install mosquitto mosquitto-clients): {error}"
        ),
    }
}

/// Writes what infra/mosquitto/camhook.conf names, and a mosquitto.conf as Debian's is.
fn configure(folder: &Path, port: u16, stack: &Stack) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/mosquitto/camhook.conf");
    let mut configuration = std::fs::read_to_string(source).unwrap();
    let own = [
        ("/etc/mosquitto/camhook/", format!("{}/", folder.display())),
        ("listener 8883", format!("listener {port} 127.0.0.1")),
        // One broker a house: of two with the same name each would throw the other out.
        ("remote_clientid camhook-bridge", format!("remote_clientid camhook-bridge-{port}")),
        ("ENDPOINT-ats.iot.REGION.amazonaws.com:8883", format!("{}:{}", stack.iot.host, stack.iot.port)),
    ];
    for (theirs, ours) in own {
        assert!(configuration.contains(theirs), "infra/mosquitto/camhook.conf has no {theirs} any more");
        configuration = configuration.replace(theirs, &ours);
    }
    std::fs::create_dir(folder.join("conf.d")).unwrap();
    std::fs::write(folder.join("conf.d/camhook.conf"), configuration).unwrap();
    let place = folder.display();
    let main = format!(
        "user root\npersistence true\npersistence_location {place}/\nlog_dest stderr\nlog_type all\n\
         include_dir {place}/conf.d\n"
    );
    std::fs::write(folder.join("mosquitto.conf"), main).unwrap();

    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("broker.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("broker.key"), made.signing_key.serialize_pem()).unwrap();
    for (given, name) in [
        (&stack.iot.ca, "AmazonRootCA1.pem"),
        (&stack.iot.cert, "device.pem.crt"),
        (&stack.iot.key, "private.pem.key"),
    ] {
        std::fs::copy(given, folder.join(name)).unwrap();
    }
    let acl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/mosquitto/acl");
    std::fs::copy(acl, folder.join("acl")).unwrap();
    let passwords = folder.join("passwords");
    std::fs::write(&passwords, "").unwrap();
    let killed = (0..KILLED).map(|number| format!("killed-{number}"));
    for user in CAMERAS.map(str::to_owned).into_iter().chain(killed) {
        let mut passwd = std::process::Command::new("mosquitto_passwd");
        passwd.arg("-b").arg(&passwords).args([user.as_str(), PASSWORD]);
        assert!(passwd.status().is_ok_and(|status| status.success()), "mosquitto_passwd failed");
    }
}
