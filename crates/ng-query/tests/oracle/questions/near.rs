//! Distances, balls, and the fields over them.

use std::ops::ControlFlow;

use ng_query::ng_token::{Space, Token};
use ng_query::{Ball, Points, QueryError, Squared};

use super::{Asked, Question, Questions, Selected, first_of};
use crate::reply::Reply;

/// How many blocks are added up before the next.
const BLOCK: u64 = 4096;

pub(crate) fn questions(tokens: &[Token]) -> Questions {
    let mut questions: Questions = Vec::new();
    let of = |step: usize| &tokens[(tokens.len() / 7 * step).min(tokens.len() - 1)];
    let at_tokens = [1, 3, 5].map(|step| of(step).steps(Space::Physical).map(f64::from));
    let beside = [
        [0.25, -17.5, 900.125],
        [-4_000.0, 20.5, 0.0],
        [1e9 + 0.5, 3.0, 0.0],
    ];
    let outside = [[0.0; 3], [40_000.0, -40_000.0, 0.0], [-2e9, 1.0, 2.0]];
    let alone = |space, places: &[[f64; 3]]| Around {
        weights: vec![(space, 1.0)],
        is_one: true,
        points: places.iter().map(|place| vec![*place]).collect(),
    };
    let several = |weights: &[(Space, f64)], tokens: &[&Token], by: f64| Around {
        weights: weights.to_vec(),
        is_one: false,
        points: tokens
            .iter()
            .map(|token| places(weights, token, by))
            .collect(),
    };
    let three = [
        (Space::Physical, 1.0),
        (Space::Temporal, 0.25),
        (Space::Abstract, 3.5),
    ];
    let eight: Vec<_> = Space::ALL
        .iter()
        .zip(1..)
        .map(|(space, by)| (*space, f64::from(by)))
        .collect();
    for (around, k) in [
        (alone(Space::Physical, &at_tokens[..1]), 1),
        (alone(Space::Physical, &[at_tokens, outside].concat()), 10),
        (alone(Space::Motor, &beside), 10),
        (alone(Space::Social, &beside[..1]), 5_000),
        (several(&three, &[of(2), of(4)], 0.0), 10),
        (several(&three, &[of(2), of(6)], 0.375), 10),
        (several(&eight, &[of(1), of(6)], 0.0), 10),
    ] {
        questions.push(Box::new(Nearest(around, k)));
    }
    let balls = balls(of(3));
    for ball in &balls {
        questions.push(Box::new(Within(*ball)));
        questions.push(Box::new(Influence(*ball)));
        if ball.radius() > 0.0 && ball.radius().is_finite() {
            questions.push(Box::new(Density(*ball)));
        }
    }
    questions.push(Box::new(WithinCounts(balls)));
    questions
}

fn places(weights: &[(Space, f64)], token: &Token, by: f64) -> Vec<[f64; 3]> {
    let place = |(space, _): &(Space, f64)| token.steps(*space).map(|step| f64::from(step) + by);
    weights.iter().map(place).collect()
}

fn balls(token: &Token) -> Vec<Ball> {
    let at = |space| token.steps(space).map(f64::from);
    let ball = |space, centre, radius| Ball::of_steps(space, centre, radius).unwrap();
    vec![
        ball(Space::Physical, at(Space::Physical), 0.0),
        ball(Space::Physical, at(Space::Physical), 2_000.0),
        ball(Space::Physical, [0.0; 3], 20_000.5),
        ball(Space::Motor, [0.5, -3.25, 1_000.0], 9_000.0),
        ball(Space::Social, [0.0, 0.0, 0.125], f64::INFINITY),
        ball(Space::Abstract, [50_000.0, 0.0, 0.0], 30_000.0),
    ]
}

/// Points to search around, in steps of each space.
struct Around {
    weights: Vec<(Space, f64)>,
    /// One space by itself, whose distances are in steps.
    is_one: bool,
    points: Vec<Vec<[f64; 3]>>,
}

impl Around {
    fn points(&self) -> Points {
        let mut points = match self.is_one {
            true => Points::in_space(self.weights[0].0),
            false => Points::weighted(&self.weights).unwrap(),
        };
        for point in &self.points {
            points.add_steps(point).unwrap();
        }
        points
    }

    /// The squared distance, in its own unit, in the order of its bits.
    fn squared(&self, point: &[[f64; 3]], token: &Token) -> u64 {
        if self.is_one {
            return match squared(point[0], token.steps(self.weights[0].0)) {
                Squared::Steps(squared) => squared,
                squared => number(squared).to_bits(),
            };
        }
        let mut sum = 0.0;
        for ((space, weight), place) in self.weights.iter().zip(point) {
            let scale = f64::from(space.scale());
            sum += number(squared(*place, token.steps(*space))) / (scale * scale) * weight;
        }
        sum.to_bits()
    }
}

/// Exact for a place at a whole number of steps, otherwise in `f64`, x first.
fn squared(place: [f64; 3], steps: [i16; 3]) -> Squared {
    let is_whole = |at: &f64| at.fract() == 0.0 && (i32::MIN.into()..=i32::MAX.into()).contains(at);
    if place.iter().all(is_whole) {
        let squares = place.iter().zip(steps).map(|(at, step)| {
            let apart = i128::from(step) - *at as i128;
            (apart * apart) as u64
        });
        return Squared::Steps(squares.sum());
    }
    let [x, y, z] = [0, 1, 2].map(|axis| f64::from(steps[axis]) - place[axis]);
    Squared::OffGrid(x * x + y * y + z * z)
}

fn number(squared: Squared) -> f64 {
    match squared {
        Squared::Steps(squared) => squared as f64,
        Squared::OffGrid(squared) | Squared::Units(squared) => squared,
        other => panic!("no oracle for {other:?}"),
    }
}

fn bits(squared: Squared) -> u64 {
    match squared {
        Squared::Steps(squared) => squared,
        squared => number(squared).to_bits(),
    }
}

struct Nearest(Around, usize);

impl Question for Nearest {
    fn operation(&self) -> &'static str {
        "nearest"
    }

    fn detail(&self) -> String {
        let (around, k) = (&self.0, self.1);
        format!("{k} of {:?} around {:?}", around.weights, around.points)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        for found in asked.query.nearest(&self.0.points(), self.1)?.value {
            reply.exact(found.missing);
            for near in found.neighbours {
                reply.place(near.position);
                reply.exact(bits(near.squared));
                reply.sum(Some(near.distance), 0.0);
            }
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        for point in &self.0.points {
            let all = selected.each();
            let all = all.map(|(position, token)| (self.0.squared(point, token), position));
            let found = first_of(all.collect(), self.1, |left: &(u64, u64), right| {
                left.cmp(right)
            });
            reply.exact_count(self.1 - found.len());
            for (squared, position) in found {
                reply.place(position);
                reply.exact(squared);
                let distance = self.distance(squared, point);
                reply.sum(Some(distance), distance);
            }
        }
    }
}

impl Nearest {
    /// In units.
    fn distance(&self, squared: u64, point: &[[f64; 3]]) -> f64 {
        let is_whole = point[0].iter().all(|at| at.fract() == 0.0);
        match self.0.is_one {
            true if is_whole => (squared as f64).sqrt() / f64::from(self.0.weights[0].0.scale()),
            true => f64::from_bits(squared).sqrt() / f64::from(self.0.weights[0].0.scale()),
            false => f64::from_bits(squared).sqrt(),
        }
    }
}

/// The tokens in a ball, with their squared distances.
fn in_ball<'s>(
    ball: Ball,
    selected: &'s Selected<'_>,
) -> impl Iterator<Item = (u64, &'s Token, Squared)> {
    let radius = ball.radius();
    let is_in = move |squared| match squared {
        // The tested radii are multiples of a half.
        Squared::Steps(squared) if radius.is_finite() => {
            4 * u128::from(squared) <= ((2.0 * radius) as u128).pow(2)
        }
        squared => number(squared) <= radius * radius,
    };
    selected
        .each()
        .map(move |(position, token)| {
            (
                position,
                token,
                squared(ball.centre(), token.steps(ball.space())),
            )
        })
        .filter(move |(.., squared)| is_in(*squared))
}

fn told(ball: &Ball) -> String {
    format!(
        "{} of {:?} steps around {:?}",
        ball.space(),
        ball.radius(),
        ball.centre()
    )
}

struct Within(Ball);

impl Question for Within {
    fn operation(&self) -> &'static str {
        "within"
    }

    fn detail(&self) -> String {
        told(&self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let mut count = 0;
        asked.query.within::<QueryError>(&self.0, |found| {
            count += found.len();
            for near in found {
                reply.place(near.position);
                reply.one(bits(near.squared));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        reply.exact_count(count);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let mut count = 0;
        for (position, _, squared) in in_ball(self.0, selected) {
            count += 1;
            reply.place(position);
            reply.one(bits(squared));
        }
        reply.exact_count(count);
    }
}

struct WithinCounts(Vec<Ball>);

impl Question for WithinCounts {
    fn operation(&self) -> &'static str {
        "within, counts"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let counts = asked.query.within_counts(&self.0)?.value;
        counts.into_iter().for_each(|count| reply.exact(count));
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        for ball in &self.0 {
            reply.exact_count(in_ball(*ball, selected).count());
        }
    }
}

struct Density(Ball);

impl Question for Density {
    fn operation(&self) -> &'static str {
        "density"
    }

    fn detail(&self) -> String {
        told(&self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        reply.number(asked.query.density(&self.0)?.value);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let radius = self.0.radius() / f64::from(self.0.space().scale());
        let volume = 4.0 / 3.0 * std::f64::consts::PI * radius * radius * radius;
        reply.number(in_ball(self.0, selected).count() as f64 / volume);
    }
}

struct Influence(Ball);

impl Question for Influence {
    fn operation(&self) -> &'static str {
        "influence"
    }

    fn detail(&self) -> String {
        told(&self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        reply.sum(Some(asked.query.influence(&self.0)?.value), 0.0);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let scale = f64::from(self.0.space().scale());
        let (mut total, mut sum, mut block) = (0.0, 0.0, 0);
        for (position, token, squared) in in_ball(self.0, selected) {
            if position / BLOCK != block {
                total += sum;
                (sum, block) = (0.0, position / BLOCK);
            }
            let reach = f64::from(token.radius_raw()) * scale / 100.0;
            let squared = number(squared);
            if reach > 0.0 && squared <= reach * reach {
                sum += f64::from(token.strength_raw()) / 255.0 * (1.0 - squared.sqrt() / reach);
            }
        }
        total += sum;
        reply.sum(Some(total), total);
    }
}
