//! What is printed.

use std::fmt;

#[derive(Debug, Default)]
pub struct Table(Vec<[String; 4]>);

impl Table {
    /// A figure, its goal, and what it is to be compared with.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        goal: impl Into<String>,
        figure: impl Into<String>,
        beside: impl Into<String>,
    ) {
        let row = [what.into(), goal.into(), figure.into(), beside.into()];
        eprintln!("{}: {}", row[0], row[2]); // so that one sees that it goes on
        self.0.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "goal", "figure", "beside"].map(str::to_owned);
        let all = || std::iter::once(&head).chain(&self.0);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        for row in all() {
            let [what, goal, figure, beside] = row;
            let (a, b, c) = (width(0), width(1), width(2));
            writeln!(f, "{what:a$}  {goal:b$}  {figure:c$}  {beside}")?;
        }
        Ok(())
    }
}
