//! The order of a run: build, see that all answer the same, start often, load in turn, count
//! instructions.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::client;
use crate::contender::{self, Contender};
use crate::exchange::{self, ENVELOPE};
use crate::instructions;
use crate::machine::Machine;
use crate::process::Running;
use crate::results::{Absent, Measured, Results};
use crate::wrk;

/// How many connections the load has that comes before all others and isn't counted.
const WARM_UP_CONNECTIONS: u32 = 32;

/// Measures everything.
pub(crate) fn all(workspace: &Path, options: &Options) -> Result<Results> {
    let machine = Machine::this()?;
    let scratch = tempfile::tempdir().context("there is no place for temporary files")?;
    let (contenders, mut absent) = contenders(workspace, scratch.path())?;
    let mut connections = options.connections.clone();
    connections.sort_unstable();
    connections.dedup();

    let mut measured: Vec<_> = contenders
        .into_iter()
        .map(not_yet_measured)
        .collect::<Result<_>>()?;
    for round in 1..=options.starts {
        tell(&format!("start {round} of {}", options.starts));
        for Measured {
            contender,
            ready_after,
            ..
        } in &mut measured
        {
            // The first start isn't counted: it warms up what whoever came before has cooled.
            drop(Running::start(contender)?);
            ready_after.push(Running::start(contender)?.ready_after);
        }
    }
    load(workspace, options, &connections, &mut measured)?;
    for Measured {
        contender,
        instructions,
        ..
    } in measured.iter_mut().take(2)
    {
        tell(&format!(
            "counting the instructions of the {}",
            contender.name
        ));
        match instructions::for_an_invocation(contender, workspace, scratch.path()) {
            Ok(count) => *instructions = Some(count),
            Err(error) => absent.push(Absent {
                name: "the count of instructions",
                why: format!("{error:#}"),
            }),
        }
    }
    Ok(Results {
        machine,
        connections,
        measured,
        absent,
    })
}

/// All contenders that can take part and answer as the handler does, the handler and the floor
/// first; and who can't.
fn contenders(workspace: &Path, scratch: &Path) -> Result<(Vec<Contender>, Vec<Absent>)> {
    tell("building the handler");
    let handler = contender::handler(workspace)?;
    let running = Running::start(&handler)?;

    // The floor's constant answer is the handler's, so that both put the same bytes on the wire.
    let envelope = std::fs::read_to_string(workspace.join(ENVELOPE))?;
    let answer = scratch.join("answer.json");
    std::fs::write(
        &answer,
        client::invoke(&client::agent(), running.port, &envelope)?,
    )?;
    tell("building the floor");
    let floor = contender::floor(workspace, &answer)?;
    let running_floor = Running::start(&floor)?;
    exchange::check_same(&running, &running_floor, workspace, false)
        .context("the floor differs")?;
    let [of_handler, of_floor] = [running.usage()?.threads, running_floor.usage()?.threads];
    ensure!(
        of_handler == of_floor,
        "the handler has {of_handler} threads and the floor {of_floor}: give the floor (src/bin/floor.rs) the handler's workers"
    );

    let mut present = vec![handler, floor];
    let mut absent = Vec::new();
    for (name, contender) in contender::others(workspace, scratch) {
        let checked = contender.and_then(|contender| {
            exchange::check_same(&running, &Running::start(&contender)?, workspace, true)?;
            Ok(contender)
        });
        match checked {
            Ok(contender) => present.push(contender),
            Err(error) => {
                let why = format!("{error:#}");
                tell(&format!("{name} is left out: {why}"));
                absent.push(Absent { name, why });
            }
        }
    }
    Ok((present, absent))
}

fn not_yet_measured(contender: Contender) -> Result<Measured> {
    let size = || Ok::<_, std::io::Error>(std::fs::metadata(&contender.program)?.len());
    Ok(Measured {
        size: contender.is_whole.then(size).transpose()?,
        contender,
        ready_after: Vec::new(),
        loads: Vec::new(),
        usage: crate::process::Usage::default(),
        instructions: None,
    })
}

/// Loads all in turn, round after round, so that what disturbs the machine for a while disturbs all
/// alike.
fn load(
    workspace: &Path,
    options: &Options,
    connections: &[u32],
    measured: &mut [Measured],
) -> Result<()> {
    let starts = measured
        .iter()
        .map(|measured| Running::start(&measured.contender));
    let running: Vec<Running> = starts.collect::<Result<_>>()?;
    for (
        running,
        Measured {
            contender, loads, ..
        },
    ) in running.iter().zip(&mut *measured)
    {
        tell(&format!("warming up {}", contender.name));
        wrk::load(workspace, running, WARM_UP_CONNECTIONS, options.seconds)
            .with_context(|| contender.name)?;
        *loads = vec![Vec::new(); connections.len()];
    }
    for round in 1..=options.rounds {
        for (place, &connections) in connections.iter().enumerate() {
            tell(&format!(
                "round {round} of {}, {connections} connections",
                options.rounds
            ));
            let mut turns: Vec<_> = running.iter().zip(&mut *measured).collect();
            // There and back again, so that nobody always comes after the same other.
            if round % 2 == 0 {
                turns.reverse();
            }
            for (
                running,
                Measured {
                    contender, loads, ..
                },
            ) in turns
            {
                let load = wrk::load(workspace, running, connections, options.seconds)
                    .with_context(|| contender.name)?;
                loads
                    .get_mut(place)
                    .context("a place for each number of connections")?
                    .push(load);
            }
        }
    }
    for (running, measured) in running.iter().zip(measured) {
        measured.usage = running.usage()?;
    }
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "a run takes minutes, and the tables go to stdout"
)]
fn tell(step: &str) {
    eprintln!("{step}");
}
