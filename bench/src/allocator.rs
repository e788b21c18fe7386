//! What the template tells the allocator of the functions.

const TEMPLATE: &str = include_str!("../../infra/template.yaml");

/// The settings, as variables of the environment.
pub(crate) fn settings<'a>() -> impl Iterator<Item = (&'a str, &'a str)> {
    let settings = TEMPLATE.lines().filter_map(|line| line.trim().split_once(": "));
    let settings = settings.filter(|(name, _)| name.starts_with("MALLOC_"));
    settings.map(|(name, value)| (name, value.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_settings() {
        assert_eq!(settings().filter(|(_, value)| value.parse::<u64>().is_ok()).count(), 2);
    }
}
