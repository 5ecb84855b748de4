//! Faults of what the app says it is: scopes, modules, hosts, settings and operations.

use crate::subject::fault::Fault;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "write_scope",
        what: "the manifest declares a scope that allows writes",
        breaks: &["read_only_jira", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| assembly.character.scopes.push("write:jira-work".to_owned()),
    },
    Fault {
        name: "one_more_read_scope",
        what: "the manifest asks for one more scope that only reads, and the token carries it",
        breaks: &["no_scope_expansion"],
        fails: &[],
        plant: |assembly| {
            assembly.character.scopes.push("read:me".to_owned());
            assembly.ports.settings.scopes.push("read:me".to_owned());
        },
    },
    Fault {
        name: "new_host",
        what: "the manifest declares one more host",
        breaks: &["no_scope_expansion"],
        fails: &[],
        plant: |assembly| assembly.character.egress.push("stats.example".to_owned()),
    },
    Fault {
        name: "new_module",
        what: "the manifest declares one more module",
        breaks: &["no_scope_expansion"],
        fails: &[],
        plant: |assembly| assembly.character.modules.push("jira:issuePanel".to_owned()),
    },
    Fault {
        name: "required_setting",
        what: "the manifest requires a setting that the released version did not",
        breaks: &["one_step_install", "no_scope_expansion"],
        fails: &[],
        plant: |assembly| assembly.character.required_settings.push("report_address".to_owned()),
    },
    Fault {
        name: "operation_gone",
        what: "the app no longer takes a snapshot without its lock",
        breaks: &["backward_compatible"],
        fails: &["invariant:backward_compatible"],
        plant: |assembly| assembly.character.operations.retain(|(name, _)| name != "create_snapshot"),
    },
    Fault {
        name: "field_gone",
        what: "a page of drift events no longer tells how many there are in all",
        breaks: &["backward_compatible"],
        fails: &[],
        plant: |assembly| {
            for (_, fields) in &mut assembly.character.operations {
                fields.retain(|field| field != "total_count");
            }
        },
    },
];
