@SEV-2-001
Feature: Snapshot lock
  One worker at a time makes the snapshot of a tenant's window, and whoever lost the lock cannot write.

  Background:
    Given a Jira site "acme" with 230 issues
    And the app is installed for "acme"

  @invariant:read_only_jira @invariant:fire_and_forget_jobs
  Scenario: The first of two workers makes the snapshot and the second one has nothing to do
    When worker "A" runs the job "snapshot_daily" for "acme"
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the job of worker "B" skipped

  @mode-02
  Scenario: A worker that was paused past its lease does not write a second snapshot
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the job "snapshot_daily" for "acme"
    And worker "A" is held
    And 2 minutes pass
    And worker "B" runs the job "snapshot_daily" for "acme"
    And worker "A" goes on
    Then the job of worker "B" succeeded
