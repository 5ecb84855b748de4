//! A site's issues are found by what they show, and its digest follows its content.

use super::*;

fn site(seed: u64) -> Site {
    Site::new(seed, &TenantSpec { issues: 23, ..TenantSpec::new("a") })
}

#[test]
fn every_issue_is_found_by_the_key_and_the_id_that_it_shows() {
    let mut site = site(1);
    let now = Timestamp::UNIX_EPOCH;
    site.change(SiteChange::AddIssues { count: 3 }, now).expect("a change");
    for index in 0..site.issues_ever() {
        let (_, number) = site.place(index);
        let key = format!("{}-{number}", site.project_of(index).expect("a project").key);
        assert_eq!(site.find_issue(&key), Some(index), "{key}");
        assert_eq!(site.find_issue(&(10_000 + index).to_string()), Some(index));
    }
    for absent in ["P0-0", "P0-999", "NO-1", "10999", "P0", ""] {
        assert_eq!(site.find_issue(absent), None, "{absent}");
    }
}

#[test]
fn the_digest_follows_the_content_and_neither_order_nor_version() {
    let mut changed = site(1);
    let before = changed.digest();
    assert_eq!(before, site(1).digest());
    assert_ne!(before, site(2).digest());
    let rename = |name: &str| SiteChange::RenameField { id: "summary".into(), name: name.into() };
    changed.change(rename("Title"), Timestamp::UNIX_EPOCH).expect("a change");
    assert_ne!(changed.digest(), before);
    changed.change(rename("Summary"), Timestamp::UNIX_EPOCH).expect("a change");
    changed.fields.reverse();
    changed.order = ListingOrder::Reversed;
    assert_eq!(changed.digest(), before);
}

#[test]
fn a_change_without_a_target_is_refused() {
    let refused = site(1).change(SiteChange::RemoveProject { key: "NO".into() }, Timestamp::UNIX_EPOCH);
    assert!(refused.is_err());
}
