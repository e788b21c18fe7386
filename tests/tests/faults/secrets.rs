//! Secrets that cannot be read.

use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::{INTRUSION, Post};
use camhook_end_to_end::stack::Stack;

use crate::{TOKEN, post};

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_503_and_once_read_it_stays() {
    let reference = OwnStack::put_secret(&Stack::given(), "sources", TOKEN).await;
    let parameter = reference.trim_start_matches("ssm:").to_owned();
    let site = format!(
        "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {{ token = \"{reference}\" }}\n"
    );
    let stack = OwnStack::create(&site).await;
    let viewtron = stack.start("viewtron").await;
    let right = || Post::new(INTRUSION, &format!("/viewtron/gate/{TOKEN}"));
    let wrong = || Post::new(INTRUSION, "/viewtron/gate/BBBBBBBBBBBBBBBBBBBBBB");

    stack.proxy.fail(Fault::Status(500), |call| call.operation == "GetParameters");
    assert_eq!(post(&viewtron, &right()).await, 503);
    assert_eq!(post(&viewtron, &wrong()).await, 503, "nobody learns whether a token is good");
    assert!(stack.bucket.keys("events/").await.is_empty());
    let unavailable = [("Vendor", "viewtron"), ("Cause", "secret")];
    viewtron.has_counted("Unavailable", &unavailable, 2.0).await;

    stack.proxy.heal();
    assert_eq!(post(&viewtron, &right()).await, 200);
    let asked = stack.proxy.count("GetParameters", &parameter);

    // It is kept: that Systems Manager fails is not even noticed.
    stack.proxy.fail(Fault::Status(500), |call| call.operation == "GetParameters");
    assert_eq!(post(&viewtron, &right()).await, 200);
    assert_eq!(post(&viewtron, &wrong()).await, 401);
    assert_eq!(stack.proxy.count("GetParameters", &parameter), asked);
    assert_eq!(stack.bucket.records("gate").await.len(), 2);
    assert!(!viewtron.log().contains(TOKEN), "a token is never logged");
}
