//! What each answer says about how the browser must treat it.

/// Response extension: origins besides our own that the page's forms may be sent to, such as `https://10.0.0.6` during a
/// change. Anything that is not `https://` and an IPv4 address or a host name is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormTargets(pub Vec<String>);
