//! Whose settings count: what a release is asked for is said by the protected branch, what it consists of by the tree.

use super::{Config, Forge, Release};

impl Config {
    /// This file's settings under those of a protected branch: what is judged and how it is run is said here; what is
    /// asked of it, and what is let pass, there. Beside it, the keys in which this file says otherwise and does not
    /// count.
    ///
    /// # Errors
    /// The protected branch asks for a release, and here is no version of one.
    pub fn governed_by(self, protected: Self) -> Result<(Self, Vec<&'static str>), String> {
        let release = match (&self.release, protected.release) {
            (_, None) => None,
            (Some(own), Some(theirs)) => Some(Release { version: own.version.clone(), ..theirs }),
            (None, Some(_)) => {
                return Err("expected `release.version`: the protected branch asks for a release".to_owned());
            }
        };
        let governed = Self {
            baseline: protected.baseline,
            thresholds: protected.thresholds,
            severities: protected.severities,
            default_severity: protected.default_severity,
            issues: protected.issues,
            invariants: protected.invariants,
            forge: Forge {
                listing: self.forge.listing.clone(),
                without_listing: protected.forge.without_listing,
            },
            release,
            ..self.clone()
        };
        let differs = self.differs_from(&governed);
        let excludes = governed.forge.listing.is_some() && governed.forge.without_listing.is_some();
        let forge = Forge {
            without_listing: governed.forge.without_listing.clone().filter(|_| !excludes),
            ..governed.forge
        };
        Ok((Self { forge, ..governed }, differs))
    }

    /// The keys that another file sets otherwise.
    fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("baseline", self.baseline == other.baseline),
            ("thresholds", self.thresholds == other.thresholds),
            ("severities", self.severities == other.severities),
            ("default_severity", self.default_severity == other.default_severity),
            ("issues", self.issues == other.issues),
            ("invariants", self.invariants == other.invariants),
            ("forge.without_listing", self.forge.without_listing == other.forge.without_listing),
        ];
        let mut differs: Vec<_> = keys.iter().filter(|(_, same)| !same).map(|(key, _)| *key).collect();
        match (&self.release, &other.release) {
            (Some(own), Some(theirs)) => differs.extend(own.differs_from(theirs)),
            (None, None) => {}
            _ => differs.push("release"),
        }
        differs
    }
}

impl Release {
    fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("release.previous", self.previous == other.previous),
            ("release.issues", self.issues == other.issues),
            ("release.tests", self.tests == other.tests),
            ("release.pass_rate_percent", self.pass_rate_percent == other.pass_rate_percent),
            ("release.coverage", self.coverage == other.coverage),
            ("release.change", self.change == other.change),
            ("release.logs", self.logs == other.logs),
            ("release.metrics", self.metrics == other.metrics),
            ("release.secrets", self.secrets == other.secrets),
            ("release.sign_offs", self.sign_offs == other.sign_offs),
            ("release.checklist", self.checklist == other.checklist),
            ("release.waivers", self.waivers == other.waivers),
            ("release.deployment", self.deployment == other.deployment),
            ("release.rollback", self.rollback == other.rollback),
            ("release.rollout", self.rollout == other.rollout),
            ("release.post_deploy", self.post_deploy == other.post_deploy),
        ];
        keys.iter().filter(|(_, same)| !same).map(|(key, _)| *key).collect()
    }
}
