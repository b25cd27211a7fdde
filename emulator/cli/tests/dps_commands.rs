//! The commands around the provisioning service, as somebody types them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod command;
#[path = "../../functions-host/tests/common/mod.rs"]
mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use command::{command, run};
use common::{App, Serving, puppet};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";

/// An app whose handler assigns each device to the first hub, which is the toasters'.
fn app() -> App {
    let app = App::plain();
    app.write(
        "local.settings.json",
        r#"{"Values":{"PUPPET_MODE":"allocate"}}"#,
    );
    std::fs::copy(puppet(), app.path().join("handler")).unwrap();
    app
}

/// `emulator dps`, ended with the test.
struct Dps {
    _process: Serving,
    /// The lines up to the end of the snippets.
    introduction: Vec<String>,
}

impl Dps {
    fn start(app: &App, arguments: &[&str]) -> Self {
        let ports = ["dps", "--https-port", "0", "--mqtt-port", "0"];
        let mut process = command(app.path(), &[&ports, arguments].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut introduction = Vec::new();
        let mut lines = stdout.lines().map(Result::unwrap);
        for line in lines.by_ref() {
            let last = line.starts_with("KEY is");
            introduction.push(line);
            if last {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            _process: Serving(process),
            introduction,
        }
    }

    /// What stands behind a label.
    fn value(&self, label: &str) -> &str {
        let mut lines = self.introduction.iter();
        let value = lines.find_map(|line| line.strip_prefix(label));
        value.map(str::trim).unwrap()
    }

    fn port(&self, label: &str) -> &str {
        let (_, port) = self.value(label).rsplit_once(':').unwrap();
        port
    }
}

#[test]
fn compute_device_key_prints_what_the_azure_cli_prints() {
    let key =
        "oiK77Oy7rBw8YB6IS6ukRChAw+Yq6GC61RMrPLSTiOOtdI+XDu0LmLuNm11p+qv2I+adqGUdZHm46zXAQdZoOA==";
    for (id, value) in [("--registration-id", "--key"), ("--rid", "--symmetric-key")] {
        let arguments = ["compute-device-key", id, TOASTER, value, key];
        let (succeeded, printed) = run(Path::new("."), &arguments);
        assert!(succeeded, "{printed}");
        assert_eq!(printed, "JC8F96eayuQwwz+PkE7IzjH2lIAjCUnAa61tDigBnSs=\n");
    }
}

#[test]
fn dps_with_the_apps_handler_serves_devices_and_fleets() {
    let app = app();
    let dps = Dps::start(&app, &["--time-scale", "0.1", "--no-throttle"]);
    assert_eq!(dps.value("ID scope"), "0ne00LOCAL1");
    let enrollment = dps.value("enrollment");
    assert!(
        enrollment.starts_with("group contoso-custom-allocated-devices webhook http://127.0.0.1:"),
        "{enrollment}"
    );
    let ports = [
        "--https-port",
        dps.port("HTTPS"),
        "--mqtt-port",
        dps.port("MQTT"),
    ];
    for transport in ["https", "mqtt", "ws"] {
        let arguments = [
            "device",
            TOASTER,
            "--transport",
            transport,
            "--payload",
            "{}",
        ];
        let (succeeded, printed) = run(app.path(), &[&arguments[..], &ports].concat());
        assert!(succeeded, "{printed}");
        let lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines[1], "Registering Device");
        assert_eq!(
            lines[2],
            "Provisioning Status: PROV_DEVICE_REG_STATUS_CONNECTED"
        );
        assert_eq!(
            lines[3],
            "Provisioning Status: PROV_DEVICE_REG_STATUS_ASSIGNING"
        );
        assert_eq!(
            *lines.last().unwrap(),
            format!(
                "Registration Information received from service: contoso-toasters-hub-1098.azure-devices.net, deviceId: {TOASTER}"
            )
        );
    }
    let wrong = ["device", TOASTER, "--key", "YQ=="];
    let (succeeded, printed) = run(app.path(), &[&wrong[..], &ports].concat());
    assert!(!succeeded, "{printed}");
    assert!(
        printed.ends_with(&format!(
            "Failure encountered on registration PROV_DEVICE_RESULT_DEV_AUTH_ERROR\n\
         {TOASTER}: the service answered 401 401002: Unauthorized\n"
        )),
        "{printed}"
    );

    let fleet = ["fleet", "--count", "20"];
    let (succeeded, printed) = run(app.path(), &[&fleet[..], &ports].concat());
    assert!(succeeded, "{printed}");
    assert!(
        printed.starts_with("      20  contoso-toasters-hub-1098.azure-devices.net\n"),
        "{printed}"
    );
}

#[test]
fn a_device_registers_with_a_tpm_in_a_file() {
    let app = app();
    let device = |arguments: &[&str]| {
        let device = ["device", "press-07", "--tpm", "tpm.pem"];
        run(app.path(), &[&device[..], arguments].concat())
    };
    let (succeeded, printed) = device(&[]);
    assert!(!succeeded);
    assert!(
        printed.starts_with(
            "error: cannot use the TPM tpm.pem; `emulator device press-07 --tpm tpm.pem --enrollment > \
             dps.json` makes one, and the configuration that enrolls the device: "
        ),
        "{printed}"
    );
    let (succeeded, config) = device(&["--enrollment"]);
    assert!(succeeded, "{config}");
    assert_eq!(device(&["--enrollment"]), (true, config.clone()));
    app.write("dps.json", &config);
    let dps = Dps::start(&app, &["--config", "dps.json", "--time-scale", "0.1"]);
    let (succeeded, printed) = device(&["--https-port", dps.port("HTTPS")]);
    assert!(succeeded, "{printed}");
    assert!(
        printed.ends_with(
            "Registration Information received from service: \
             contoso-toasters-hub-1098.azure-devices.net, deviceId: press-07\n"
        ),
        "{printed}"
    );
    let (succeeded, printed) = device(&["--transport", "mqtt", "--mqtt-port", dps.port("MQTT")]);
    assert!(!succeeded);
    assert!(
        printed.ends_with(
            "press-07: the service answered 400 400004: Invalid argument: a device with a TPM \
             registers over HTTPS or AMQP; the service takes none over MQTT\n"
        ),
        "{printed}"
    );
    app.write("tpm.pem", "?");
    assert_eq!(
        device(&["--enrollment"]),
        (
            false,
            "error: cannot use the TPM tpm.pem: it must hold the two RSA keys of a software TPM in \
             PEM\n"
                .to_owned()
        )
    );
}

#[test]
fn demo_fails_when_the_policy_is_not_the_tutorials() {
    let app = app();
    let (succeeded, printed) = run(app.path(), &["demo"]);
    assert!(!succeeded, "{printed}");
    for expected in [
        "The toaster breakroom499-contoso-tstrsd-007 over HTTPS\n  device  assigned to contoso-toasters-hub-1098.azure-devices.net\n",
        "A stranger lobby12-fabrikam-lamp-001 over MQTT over WebSocket\n  device  assigned to contoso-toasters-hub-1098.azure-devices.net\n",
        "The handler kept the protocol.\n",
    ] {
        assert!(printed.contains(expected), "{printed}");
    }
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let app = app();
    app.write("dps.json", r#"{"linkedHubs": ["https://hub"]}"#);
    for (arguments, sentence) in [
        (
            &["device", TOASTER][..],
            "cannot read the CA file .emulator/ca.pem; `emulator dps` makes it when it starts, and prints its path",
        ),
        (
            &["dps", "--config", "nowhere.json"],
            "cannot read the configuration nowhere.json",
        ),
        (
            &["dps", "--config", "dps.json"],
            "linkedHubs names \"https://hub\"; it must be a host name alone, such as my-hub.azure-devices.net or localhost",
        ),
        (
            &["dps", "--time-scale", "slow"],
            "it must be a number from 0 to 1000",
        ),
        (
            &["dps", "--assign-after", "-1"],
            "it must be a number of seconds from 0 to 3600",
        ),
        (
            &["fleet", "--registration-id", "same"],
            "it must contain {n}, so that the ids differ",
        ),
        (
            &["device", TOASTER, "--key", "?"],
            "a symmetric key must be base64 text, as the portal shows it",
        ),
    ] {
        let (succeeded, printed) = run(app.path(), arguments);
        assert!(!succeeded, "{arguments:?}");
        assert!(printed.contains(sentence), "{arguments:?}: {printed}");
    }
}

#[test]
fn a_taken_port_is_named_with_its_option() {
    let app = app();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let arguments = [
        "dps",
        "--mqtt-port",
        &address.port().to_string(),
        "--https-port",
        "0",
    ];
    let (succeeded, printed) = run(app.path(), &arguments);
    assert!(!succeeded, "{printed}");
    let sentence = format!("cannot listen on {address}; name a free port with --mqtt-port");
    assert!(printed.contains(&sentence), "{printed}");
}

#[test]
fn dps_listens_where_it_is_told_and_says_who_can_reach_it() {
    let app = app();
    let dps = Dps::start(
        &app,
        &["--listen", "127.0.0.2", "--name", "workbench.example"],
    );
    let printed = dps.introduction.join("\n");
    assert!(
        dps.value("HTTPS").starts_with("https://workbench.example:"),
        "{printed}"
    );
    assert!(
        printed.contains("provisioning_host=\"workbench.example\""),
        "{printed}"
    );
    assert!(!printed.contains("Whoever reaches"), "{printed}");
    let port = dps.port("MQTT").parse().unwrap();
    let connect = |host| std::net::TcpStream::connect((host, port));
    assert!(connect("127.0.0.2").is_ok());
    assert!(connect("127.0.0.1").is_err());

    let dps = Dps::start(&app, &["--listen", "0.0.0.0"]);
    let printed = dps.introduction.join("\n");
    let warning = "Whoever reaches 0.0.0.0 can register here: keep to a network that you trust.";
    assert!(printed.contains(warning), "{printed}");
}

#[test]
fn dps_refuses_a_name_that_no_certificate_can_hold() {
    for name in [
        "b\u{fc}ro",
        "a b",
        "",
        "https://board.local",
        "board.local:8883",
        "[::1]",
    ] {
        let arguments = [
            "dps",
            "--https-port",
            "0",
            "--mqtt-port",
            "0",
            "--name",
            name,
        ];
        let (succeeded, printed) = run(app().path(), &arguments);
        assert!(!succeeded, "{name}");
        let sentence = "it must be a host name, such as board.local, or an address";
        assert!(printed.contains(sentence), "{name}: {printed}");
    }
}

#[test]
fn dps_reads_a_configuration_that_windows_wrote() {
    let app = app();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/field");
    let marked = std::fs::read_to_string(Path::new(folder).join("config-bom.json")).unwrap();
    let units = || marked.encode_utf16();
    for bytes in [
        marked.clone().into_bytes(),
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
    ] {
        std::fs::write(app.path().join("dps.json"), bytes).unwrap();
        let dps = Dps::start(&app, &["--config", "dps.json"]);
        assert_eq!(dps.value("linked hub"), "my-hub-1.azure-devices.net");
        assert_eq!(dps.value("enrollment"), "group g hashed");
    }
}
