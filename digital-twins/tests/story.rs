//! The whole story, as `emulator twins-story` tells it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::ExitCode;

use clap::Parser;
use emulator::commands::twins_story::{self, TwinsStory};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    story: TwinsStory,
}

#[tokio::test]
async fn a_thermostat_comes_reports_and_goes_and_its_twin_with_it() {
    let handler = env!("CARGO_BIN_EXE_digital-twins-handler");
    let words = [
        "story",
        "--app",
        env!("CARGO_MANIFEST_DIR"),
        "--handler",
        handler,
    ];
    let Arguments { story } = Arguments::parse_from(words);
    assert_eq!(twins_story::run(story).await.unwrap(), ExitCode::SUCCESS);
}
