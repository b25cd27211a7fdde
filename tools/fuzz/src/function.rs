//! The function with the tutorial's policy, which never waits.
#![allow(dead_code, reason = "each target uses some")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation::policy::File;
use allocation::webhook::{AnswerError, Reply, Webhook};
use custom_allocation::functions::http_trigger1::NAME;

pub fn answer(envelope: &[u8]) -> Result<Vec<u8>, AnswerError> {
    at_once(webhook().answer(envelope, "-"))
}

pub fn reply(request: &[u8]) -> Reply {
    at_once(webhook().reply(request, "-"))
}

fn webhook() -> Webhook<File> {
    Webhook {
        name: NAME,
        policy: File::parse(include_bytes!("../../../allocation.json"))
            .expect("the policy is right"),
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the policy waits"),
    }
}
