//! Exit codes: a contract with scripts. `docs/command-line.md` has the same table.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    Refused,
    AgentAway,
    RolledBack,
    Broken,
    Pending,
}

impl Exit {
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::AgentAway,
        Self::RolledBack,
        Self::Broken,
        Self::Pending,
    ];

    /// Never reused, never renumbered.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::AgentAway => 4,
            Self::RolledBack => 5,
            Self::Broken => 6,
            Self::Pending => 7,
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Failed => "failed on this side: input, output, a question answered with no",
            Self::Usage => "the command line or the file cannot be understood; nothing was sent",
            Self::Refused => "the box refused; the message says why and has a code such as GH-202",
            Self::AgentAway => "the agent does not answer",
            Self::RolledBack => "the change was made and undone",
            Self::Broken => "the network test found something broken",
            Self::Pending => "what was begun is not over yet, and goes on by itself",
        }
    }
}

/// For `--help`.
pub fn table() -> String {
    let lines = Exit::ALL.map(|e| format!("  {}  {}\n", e.code(), e.meaning()));
    format!("Exit codes:\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_and_manual_have_the_same_table() {
        let manual = include_str!("../../docs/command-line.md");
        for (number, exit) in (0..).zip(Exit::ALL) {
            assert_eq!(exit.code(), number);
            assert!(table().contains(&format!("  {number}  {}\n", exit.meaning())), "{exit:?}");
            assert!(manual.contains(&format!("| {number} | {} |\n", exit.meaning())), "{exit:?}");
        }
    }
}
