//! The figures of a run.

use std::time::Duration;

use crate::contender::Contender;
use crate::machine::Machine;
use crate::process::Usage;
use crate::wrk::Load;

/// All that one run has shown.
pub(crate) struct Results {
    pub(crate) machine: Machine,
    /// The numbers of connections of the loads, ascending.
    pub(crate) connections: Vec<u32>,
    /// The handler and the floor first.
    pub(crate) measured: Vec<Measured>,
    /// Who has not taken part, and why.
    pub(crate) absent: Vec<Absent>,
}

/// What has not taken part, and why.
pub(crate) struct Absent {
    pub(crate) name: &'static str,
    pub(crate) why: String,
}

/// What one contender has shown.
pub(crate) struct Measured {
    pub(crate) contender: Contender,
    /// From the start of the process to the first answer, once for each start.
    pub(crate) ready_after: Vec<Duration>,
    /// For each number of connections, one load for each round.
    pub(crate) loads: Vec<Vec<Load>>,
    /// After all loads.
    pub(crate) usage: Usage,
    /// The size of the program in bytes, where it is all that has to be there.
    pub(crate) size: Option<u64>,
    /// The instructions for an invocation, where they were counted.
    pub(crate) instructions: Option<u64>,
}

impl Measured {
    /// The median over the rounds of a figure, at the connections with this place in
    /// [`Results::connections`].
    pub(crate) fn at(&self, place: usize, figure: impl Fn(&Load) -> f64) -> f64 {
        let loads = self.loads.get(place).map_or(&[][..], Vec::as_slice);
        median(loads.iter().map(figure).collect())
    }

    /// The median time to the first answer, in seconds.
    pub(crate) fn ready_after(&self) -> f64 {
        median(self.ready_after.iter().map(Duration::as_secs_f64).collect())
    }
}

impl Results {
    /// The contender of this name, if it has taken part.
    pub(crate) fn of(&self, name: &str) -> Option<&Measured> {
        self.measured
            .iter()
            .find(|measured| measured.contender.name == name)
    }
}

/// The middle one; of an even number the upper of the two. Nothing has none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_in_whatever_order_they_come() {
        for (values, expected) in [
            (vec![3.0, 1.0, 2.0], 2.0),
            (vec![4.0, 1.0, 3.0, 2.0], 3.0),
            (vec![7.0], 7.0),
        ] {
            assert!((median(values) - expected).abs() < f64::EPSILON);
        }
        assert!(median(Vec::new()).is_nan());
    }
}
