//! The process by itself: how it starts, refuses to start, and stops. No host is in front of it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::time::Duration;

use allocation::policy::File;
use test_support::http::read_answer;
use test_support::process::{self, Handler, OLDER_PORT, PORT, WORKER_ID};
use test_support::tutorial::{ENVELOPE, POLICY};

const PROGRAM: &str = env!("CARGO_BIN_EXE_handler");

/// Runs a handler that can't start.
fn fail(variables: &[(&str, &str)]) -> Output {
    let mut handler = process::command(PROGRAM);
    let output = handler.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, policy_line().as_bytes());
    output
}

/// The first line of the process, which names the policy.
fn policy_line() -> String {
    let file = File::parse(POLICY.as_bytes()).unwrap();
    format!("INFO policy allocation.json {}\n", file.checksum())
}

fn start() -> Handler {
    Handler::start(PROGRAM)
}

fn post(envelope: &str) -> Vec<u8> {
    test_support::http::post("/HttpTrigger1", envelope)
}

#[test]
fn an_unusable_port_is_one_sentence_and_a_failure() {
    for variable in [PORT, OLDER_PORT] {
        let output = fail(&[(variable, "70000")]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        let expected =
            format!("{variable} is \"70000\", which is not a port number from 1 to 65535: ");
        assert!(
            stderr.starts_with(&expected) && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}

#[test]
fn a_taken_port_is_one_sentence_and_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = fail(&[(PORT, &port)]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with(&format!(
            "cannot listen on 127.0.0.1:{port} (another port is named in {PORT}): "
        )),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_comes_while_the_process_is_busy_is_let_in() {
    let handler = start();
    handler.signal("STOP");
    let address = SocketAddr::from(([127, 0, 0, 1], handler.port));
    let connections: Vec<_> = (0..300)
        .map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap())
        .collect();
    handler.signal("CONT");
    for mut connection in connections {
        connection.write_all(&post(ENVELOPE)).unwrap();
        assert!(read_answer(&mut connection).starts_with("HTTP/1.1 200 OK\r\n"));
    }
    handler.signal("TERM");
    assert_eq!(handler.wait().0, Some(0));
}

#[test]
fn the_older_name_of_the_port_serves_as_well() {
    let handler = Handler::start_with(PROGRAM, OLDER_PORT, &[]);
    let mut connection = handler.connect();
    connection.write_all(&post(ENVELOPE)).unwrap();
    assert!(read_answer(&mut connection).starts_with("HTTP/1.1 200 OK\r\n"));
    handler.signal("TERM");
    assert_eq!(handler.wait().0, Some(0));
}

#[test]
fn a_signal_lets_what_is_in_flight_finish() {
    for signal in ["TERM", "INT"] {
        let handler = start();
        let mut connection = handler.connect();
        let head = format!(
            "POST /HttpTrigger1 HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            ENVELOPE.len()
        );
        connection.write_all(head.as_bytes()).unwrap();
        // That it asks for the body tells that it has taken the request.
        let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        connection.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        let mut idle = handler.connect();
        idle.write_all(&post(ENVELOPE)).unwrap();
        read_answer(&mut idle);
        handler.signal(signal);
        // An idle connection is closed, which tells that the signal has arrived.
        assert_eq!(idle.read(&mut [0]).unwrap(), 0);
        connection.write_all(ENVELOPE.as_bytes()).unwrap();
        assert!(read_answer(&mut connection).starts_with("HTTP/1.1 200 OK\r\n"));
        let (code, stdout, stderr) = handler.wait();
        assert_eq!(
            (code, stdout.lines().count(), stderr.as_str()),
            (Some(0), 2, "")
        );
    }
}

#[test]
fn under_a_functions_host_a_signal_asks_to_be_started_again() {
    for signal in ["TERM", "INT"] {
        let handler = Handler::start_with(PROGRAM, PORT, &[(WORKER_ID, "0d4d4b3a")]);
        handler.signal(signal);
        assert_eq!(handler.wait().0, Some(200), "{signal}");
    }
}

#[test]
fn requests_that_come_in_one_go_are_answered_in_their_order() {
    let handler = start();
    let mut connection = handler.connect();
    let mut all = Vec::new();
    for number in 0..20 {
        all.extend(post(&ENVELOPE.replace(
            "-hub.azure-devices.net",
            &format!("-hub{number}.azure-devices.net"),
        )));
    }
    connection.write_all(&all).unwrap();
    let mut answers = String::new();
    while answers.matches("\"ReturnValue\":null}").count() < 20 {
        answers.push_str(&read_answer(&mut connection));
    }
    let hubs = answers
        .split("assigned to ")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    let expected =
        (0..20).map(|number| format!("custom-allocation-toasters-hub{number}.azure-devices.net"));
    assert_eq!(hubs.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    handler.signal("TERM");
    assert_eq!(handler.wait().0, Some(0));
}

#[test]
fn senders_that_hold_all_memory_make_others_come_back_later() {
    let handler = start();
    // Eight bodies of nearly 8 MiB fill the 64 MiB; they never end.
    let length = 8 * 1024 * 1024 - 16;
    let head = format!(
        "POST /HttpTrigger1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
    );
    let body = vec![b'x'; length - 1];
    let mut holders: Vec<TcpStream> = (0..9).map(|_| handler.connect()).collect();
    for holder in &mut holders {
        holder.write_all(head.as_bytes()).unwrap();
        holder.write_all(&body).unwrap();
    }
    // The ninth finds no room: it is taken to its end and told so.
    let mut answered = None;
    for holder in &mut holders {
        holder.write_all(b"x").unwrap();
        if answered.is_none() {
            let mut start = [0; 1024];
            let read = holder.read(&mut start).unwrap();
            let text = String::from_utf8_lossy(&start[..read]).into_owned();
            if text.contains("\"statusCode\":503") {
                answered = Some(text);
            }
        }
    }
    let answered = answered.expect("one of nine was told to come back");
    assert!(
        answered.contains("Too many large requests are under way: try again."),
        "{answered}"
    );
    // The room is given back.
    let mut connection = handler.connect();
    connection.write_all(&post(ENVELOPE)).unwrap();
    assert!(read_answer(&mut connection).contains("\"statusCode\":200"));
    drop(holders);
    handler.signal("TERM");
    assert_eq!(handler.wait().0, Some(0));
}
