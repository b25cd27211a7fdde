//! A custom handler without a mind of its own, for the tests against captured exchanges: what the
//! host sends goes on to a test, byte for byte, and what the test answers goes back.
//!
//! The test listens on the port in `PUPPET_RELAY`. The first connection to it, which begins with a
//! line `control`, carries what the handler is to print: `1` or `2` for the stream, the text's
//! length, the text. All others begin with a line `data`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a puppet that falls over fails its test"
)]

use std::io::Write as _;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};

fn port(variable: &str) -> u16 {
    std::env::var(variable).unwrap().parse().unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let test = port("PUPPET_RELAY");
    tokio::spawn(print_what_is_told(test));
    let listener = TcpListener::bind(("127.0.0.1", port("FUNCTIONS_CUSTOMHANDLER_PORT")))
        .await
        .unwrap();
    loop {
        let (host, _) = listener.accept().await.unwrap();
        tokio::spawn(relay(host, test));
    }
}

/// Passes bytes in both directions; the end of either ends both.
async fn relay(mut host: TcpStream, test: u16) {
    let mut test = TcpStream::connect(("127.0.0.1", test)).await.unwrap();
    test.write_all(b"data\n").await.unwrap();
    let (mut from_host, mut to_host) = host.split();
    let (mut from_test, mut to_test) = test.split();
    tokio::select! {
        _ = copy(&mut from_host, &mut to_test) => {}
        _ = copy(&mut from_test, &mut to_host) => {}
    }
}

async fn print_what_is_told(test: u16) {
    let mut control = BufReader::new(TcpStream::connect(("127.0.0.1", test)).await.unwrap());
    control.write_all(b"control\n").await.unwrap();
    let mut head = String::new();
    while control.read_line(&mut head).await.unwrap() > 0 {
        let (stream, length) = head.trim_end().split_once(' ').unwrap();
        let mut words = vec![0; length.parse().unwrap()];
        control.read_exact(&mut words).await.unwrap();
        if stream == "1" {
            std::io::stdout().write_all(&words).unwrap();
            std::io::stdout().flush().unwrap();
        } else {
            std::io::stderr().write_all(&words).unwrap();
        }
        head.clear();
    }
}
