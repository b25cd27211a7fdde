//! Limits, waits, and when a device is told to ask again.

use provisioning::{RequestError, Service, Step};
use serde_json::json;
use std::time::Duration;

use crate::bench::{A, Bench};

#[test]
fn a_thousand_registrations_a_minute_are_admitted() {
    let mut bench = Bench::new();
    for number in 0..1_000 {
        bench.start(&format!("device-{number}"), &json!({}));
    }
    let throttled = bench.try_register("one-more", b"{}").unwrap_err();
    assert_eq!(throttled, RequestError::Throttled(Duration::from_mins(1)));
    bench.turn_clock(60);
    assert!(bench.try_register("one-more", b"{}").is_ok());
}

#[test]
fn a_device_may_poll_five_times_in_ten_seconds() {
    let mut bench = Bench::new();
    let (operation_id, _) = bench.start("toaster", &json!({}));
    bench.start("heatpump", &json!({}));
    for _ in 0..5 {
        bench.poll("toaster", &operation_id).unwrap();
    }
    let throttled = bench.poll("toaster", &operation_id).unwrap_err();
    assert_eq!(throttled, RequestError::Throttled(Duration::from_secs(10)));
    assert_eq!(bench.look_up("heatpump")["status"], "assigning");
    bench.turn_clock(10);
    assert!(bench.poll("toaster", &operation_id).is_ok());
}

#[test]
fn the_time_scale_shortens_waits_and_what_devices_are_told() {
    let mut bench = Bench::new();
    let mut settings = bench.service.settings().clone();
    settings.time_scale = 0.1;
    bench.service = Service::new(settings);
    let at = bench.moment();
    let caller = bench.caller("toaster");
    let registered = bench.service.register(&at, &caller, b"{}").unwrap();
    assert_eq!(registered.answer.retry_after, Some(1));
    let key = registered.started.unwrap();
    bench.answer(&key, 503, "");
    let Step::Wait { until } = bench.step(&key) else {
        panic!("no wait");
    };
    assert_eq!(until, bench.now.after(Duration::from_millis(100)));
    let operation_id = registered.answer.body.operation_id;
    for _ in 0..5 {
        bench.poll("toaster", &operation_id).unwrap();
    }
    assert!(bench.poll("toaster", &operation_id).is_err());
    bench.turn_clock(1);
    assert!(bench.poll("toaster", &operation_id).is_ok());
}

#[test]
fn an_assignment_takes_its_least_time_and_no_more() {
    let mut bench = Bench::new();
    let mut settings = bench.service.settings().clone();
    settings.assign_after = Duration::from_secs(4);
    bench.service = Service::new(settings);
    let start = bench.now;
    let (operation_id, key) = bench.start("toaster", &json!({}));
    bench.answer(&key, 200, &json!({"iotHubHostName": A}).to_string());
    for _ in 0..2 {
        let Step::Wait { until } = bench.step(&key) else {
            panic!("no wait");
        };
        assert_eq!(until, start.after(Duration::from_secs(4)));
        let status = bench.poll("toaster", &operation_id).unwrap();
        assert_eq!(status["body"]["status"], "assigning");
        bench.turn_clock(2);
    }
    let settlement = bench.settlement(&key);
    bench.service.commit(*settlement);
    let status = bench.poll("toaster", &operation_id).unwrap();
    assert_eq!(status["body"]["status"], "assigned");
}

/// The C SDK waits as long as it is told before each poll, and prints a line for each answer: the
/// tutorial's transcript has `PROV_DEVICE_REG_STATUS_ASSIGNING` twice. The lengths are those of a
/// published trace of the real service's answers.
#[test]
fn the_c_client_prints_the_tutorial_s_lines_when_an_assignment_takes_four_seconds() {
    const DEVICE: &str = "toaster-1098-007";
    let mut bench = Bench::new();
    let mut settings = bench.service.settings().clone();
    settings.assign_after = Duration::from_secs(4);
    bench.service = Service::new(settings);
    let (at, caller) = (bench.moment(), bench.caller(DEVICE));
    let body = format!(r#"{{"registrationId":"{DEVICE}","payload":{{"a":1}}}}"#);
    let registered = bench.service.register(&at, &caller, body.as_bytes());
    let registered = registered.unwrap();
    let (mut wait, key) = (registered.answer.retry_after, registered.started.unwrap());
    let first = json!(registered.answer.body);
    let operation_id = &registered.answer.body.operation_id;
    bench.answer(&key, 200, &json!({"iotHubHostName": A}).to_string());
    let mut lines = vec![first["status"].clone()];
    let mut lengths = vec![first.to_string().len()];
    let mut polls = 0;
    while let Some(seconds) = wait {
        bench.turn_clock(seconds);
        if let Step::Save(settlement) = bench.step(&key) {
            bench.service.commit(*settlement);
        }
        let answer = bench.poll(DEVICE, operation_id).unwrap();
        polls += 1;
        wait = answer["retryAfter"].as_u64();
        lines.push(answer["body"]["status"].clone());
        lengths.push(answer["body"].to_string().len());
    }
    assert_eq!(polls, 2);
    assert_eq!(lines, ["assigning", "assigning", "assigned"]);
    assert_eq!(lengths[..2], [94, 173]);
}
