//! Whatever is given and whenever: no step is skipped, nothing follows a rollback, and who is promoted was shown whole.

use proptest::prelude::*;

use super::*;

const LIMIT: f64 = 0.01;
/// A quarter of the steps' minutes. Seconds.
const SLACK: i64 = 60;

/// What a call is given: when after the one before, how its data lie to the time, and what is wrong with them.
#[derive(Clone, Debug)]
struct Given {
    after: i64,
    reach_back: i64,
    reach_to: i64,
    every: i64,
    spoilt: Option<(prop::sample::Index, f64)>,
    hole: Option<(prop::sample::Index, usize)>,
    has_files: bool,
}

fn calls() -> impl Strategy<Value = Vec<Given>> {
    let bad = prop::sample::select(vec![0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    let call = (
        prop::sample::select(vec![0, 1, 30, 239, 240, 250, 300, 301, 900]),
        prop::sample::select(vec![0, 120, 240, 600, 4000]),
        prop::sample::select(vec![-200, -61, -60, 0, 0, 0, 0, 59, 61, 4000]),
        prop::sample::select(vec![1, 15, 30, 59, 60, 61]),
        prop::option::weighted(0.05, (any::<prop::sample::Index>(), bad)),
        prop::option::weighted(0.1, (any::<prop::sample::Index>(), 1..30_usize)),
        prop::bool::weighted(0.9),
    );
    let given = call.prop_map(|(after, reach_back, reach_to, every, spoilt, hole, has_files)| Given {
        after,
        reach_back,
        reach_to,
        every,
        spoilt,
        hole,
        has_files,
    });
    prop::collection::vec(given, 1..24)
}

impl Given {
    fn points(&self, now: i64) -> Vec<(i64, f64)> {
        let every = usize::try_from(self.every).unwrap();
        let mut points: Vec<(i64, f64)> = (now - self.reach_back..=now + self.reach_to)
            .step_by(every)
            .map(|second| (second, 0.001))
            .collect();
        if let (Some((place, value)), false) = (&self.spoilt, points.is_empty()) {
            let place = place.index(points.len());
            points[place].1 = *value;
        }
        if let (Some((place, length)), false) = (&self.hole, points.is_empty()) {
            let from = place.index(points.len());
            points.drain(from..(from + length).min(points.len()));
        }
        points
    }
}

/// Whether the data show a step whole, said in another way than the machine does.
fn shows(points: &[(i64, f64)], since: i64, now: i64, minutes: i64) -> bool {
    let mut times: Vec<i64> = points
        .iter()
        .filter(|(second, value)| *second > since && *second <= now && value.is_finite())
        .map(|(second, _)| *second)
        .collect();
    times.sort_unstable();
    let reaches_end = times.last().is_some_and(|last| *last >= since + minutes * 60);
    let steps = [&[since][..], &times, &[now]].concat();
    let is_dense = steps.windows(2).all(|two| two[1] - two[0] <= SLACK);
    let is_fine = points
        .iter()
        .all(|(second, value)| *second <= since || *second > now || value.is_nan() || *value <= LIMIT);
    let is_of_now = points.iter().all(|(second, _)| *second <= now + 60);
    reaches_end && is_dense && is_fine && is_of_now
}

fn short() -> Plan {
    let step = |percent| Step { percent, minutes: 4 };
    Plan { steps: [5, 25, 100].map(step).to_vec(), watched: vec![limit("errors", "error_ratio", LIMIT)] }
}

proptest! {
    #[test]
    fn only_whole_steps_are_promoted_one_after_another_and_nothing_follows_the_end(calls in calls()) {
        let mut course = Course::of(short());
        let (mut now, mut since, mut step) = (0, 0, 0_u64);
        let mut ended: Option<Decided> = None;
        for given in calls {
            now += given.after;
            let points = given.points(now);
            let files = if given.has_files { errors(&points) } else { vec![] };
            let answer = course.ask(now, &files, Ok(())).unwrap();
            let decided = answer.decided().clone();
            if let Some(ended) = &ended {
                prop_assert_eq!(&answer, &Answer::Again(ended.clone()));
                continue;
            }
            let Answer::New(_) = answer else {
                prop_assert_eq!(Some(&decided), course.past.last());
                continue;
            };
            let is_shown = given.has_files && shows(&points, since, now, 4);
            match decided.decision {
                Decision::Begin => prop_assert!(course.past.is_empty() && decided.step == 1),
                Decision::Promote => prop_assert!(is_shown && decided.step == step + 1),
                Decision::Done => prop_assert!(is_shown && decided.step == step && step == 3),
                Decision::Hold => prop_assert!(!is_shown && decided.step == step),
                Decision::RollBack => {
                    let is_beyond = |(second, value): &(i64, f64)| *second > since && *second <= now && *value > LIMIT;
                    prop_assert!(points.iter().any(is_beyond) && decided.percent == 0);
                }
            }
            if decided.decision != Decision::Hold {
                (since, step) = (now, decided.step);
            }
            ended = decided.decision.is_last().then(|| decided.clone());
            course.past.push(decided.clone());
            // Once more, later: the same answer, and nothing new.
            let again = course.ask(now + 7, &files, Ok(())).unwrap();
            prop_assert_eq!(again, Answer::Again(decided));
        }
    }

    #[test]
    fn nothing_is_ever_promoted_without_data(seconds in prop::collection::vec(0..100_000_i64, 1..20)) {
        let mut course = Course::begun(short());
        let mut now = 0;
        for (place, second) in seconds.into_iter().enumerate() {
            now += second;
            let nothing = match place % 3 {
                0 => vec![],
                1 => vec![given("empty.json", " ".repeat(place))],
                _ => vec![given("slo.json", matrix(&[("error_ratio", &[])]) + &" ".repeat(place))],
            };
            let decided = course.call(now, &nothing);
            prop_assert!(matches!(decided.decision, Decision::Begin | Decision::Hold));
            prop_assert_eq!(decided.percent, 5);
        }
    }

    #[test]
    fn no_bytes_promote_by_chance(bytes in prop::collection::vec(any::<u8>(), 0..400), log in any::<bool>()) {
        let mut course = Course::begun(short());
        let path = if log { "app.log" } else { "slo.json" };
        let decided = course.call(240, &[given(path, bytes)]);
        prop_assert_eq!(decided.decision, Decision::Hold);
    }
}
