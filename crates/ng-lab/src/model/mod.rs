//! The words of a report: data that knows neither machine nor worker.

pub mod count;
