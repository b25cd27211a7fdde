//! HTTP as bytes, for what no client would send or show.

use std::io::Read;
use std::net::TcpStream;

/// The bytes of a POST on a connection that stays open.
#[must_use]
pub fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Reads off a connection until what has come ends with `end`.
pub fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut read_so_far = Vec::new();
    let mut buffer = [0; 4096];
    while !read_so_far.ends_with(end.as_bytes()) {
        let read = connection.read(&mut buffer).unwrap();
        let so_far = String::from_utf8_lossy(&read_so_far);
        assert_ne!(read, 0, "the connection ended within {so_far:?}");
        read_so_far.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(read_so_far).unwrap()
}

/// Reads one answer to an envelope off a connection, whose last member is `ReturnValue`.
pub fn read_answer(connection: &mut TcpStream) -> String {
    read_until(connection, "\"ReturnValue\":null}")
}
