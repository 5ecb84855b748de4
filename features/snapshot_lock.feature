@SEV-2-001
Feature: Snapshot lock
  One worker at a time makes the snapshot of a tenant's window, and whoever lost the lock cannot write.

  Background:
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"

  @invariant:read_only_jira @invariant:fire_and_forget_jobs
  Scenario: The first of two workers makes the snapshot and the second one has nothing to do
    When worker "A" runs the job "snapshot_daily" for "acme"
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the job of worker "B" skipped
    And 1 daily snapshot of "acme" is stored

  @mode-01
  Scenario: Of two workers that both found the lock free one gets it
    Given worker "A" will be held after it reads "snapshot_lock"
    And worker "A" will be held before it writes "snapshot:"
    And worker "B" will be held after it reads "snapshot_lock"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" begins the daily snapshot of "acme" under the lock
    And worker "B" is held
    And worker "A" moves on
    And worker "A" is held
    And worker "B" goes on
    And worker "A" goes on
    Then worker "B" finds the window locked
    And worker "A" finds the window stored
    And snapshot locks were granted 1 time
    And 1 daily snapshot of "acme" is stored

  @mode-01 @lock-skipped
  Scenario: A job whose window is locked ends skipped and without an error
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" runs the job "snapshot_daily" for "acme"
    And worker "A" goes on
    Then the job of worker "B" skipped
    And worker "A" finds the window stored

  @mode-02
  Scenario: A worker that was stopped past its lease does not write a second snapshot
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the job "snapshot_daily" for "acme"
    And worker "A" is held
    And 2 minutes pass
    And worker "B" runs the job "snapshot_daily" for "acme"
    And worker "A" goes on
    Then the job of worker "B" succeeded
    And 1 daily snapshot of "acme" is stored

  @mode-02
  Scenario: A write that arrives after the lock has changed hands is refused by the store
    Given worker "A" will be held before it writes "snapshot:"
    And worker "B" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And 2 minutes pass
    And worker "B" begins the daily snapshot of "acme" under the lock
    And worker "B" is held
    And worker "A" goes on
    And worker "B" goes on
    Then the store refused a late write of worker "A"
    And worker "B" finds the window stored
    And the daily snapshot of "acme" was stored under fencing token 2

  @mode-03
  Scenario: A worker that lost the lock does not give away the one of its successor
    Given worker "A" will be held before it writes "snapshot:"
    And worker "B" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And 2 minutes pass
    And worker "B" begins the daily snapshot of "acme" under the lock
    And worker "B" is held
    And worker "A" goes on
    And worker "C" takes the daily snapshot of "acme" under the lock
    And worker "B" goes on
    Then no snapshot lock was released by worker "A"
    And worker "C" finds the window locked
    And worker "B" finds the window stored

  @mode-04
  Scenario: Fencing tokens grow over a failure, a release and a takeover
    Given Jira answers "403" to the next 1 request for "project"
    And worker "B" will be held before it writes "snapshot:"
    When worker "A" takes the daily snapshot of "acme" under the lock
    And worker "B" begins the daily snapshot of "acme" under the lock
    And worker "B" is held
    And worker "B" crashes there
    And 90 seconds pass
    And worker "C" takes the daily snapshot of "acme" under the lock
    And worker "D" takes the daily snapshot of "acme" under the lock
    Then snapshot locks were granted 4 times
    And the fencing tokens of each snapshot lock only grew
    And the daily snapshot of "acme" was stored under fencing token 3

  @lock-takeover
  Scenario: The lock of a dead worker is taken over when it has run out, and not before
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "A" crashes there
    And 89 seconds pass
    And worker "B" takes the daily snapshot of "acme" under the lock
    And 1 second passes
    And worker "C" takes the daily snapshot of "acme" under the lock
    Then worker "B" finds the window locked
    And worker "C" finds the window stored
    And 1 daily snapshot of "acme" is stored

  @mode-08
  Scenario: A second trigger after the lock was released gets the result of the first
    When worker "A" takes the daily snapshot of "acme" under the lock
    And the requests to Jira are counted from here
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "A" finds the window stored
    And worker "B" finds the window done
    And workers "A" and "B" answer with the same hash
    And Jira was asked nothing since
    And 1 daily snapshot of "acme" is stored

  @mode-08
  Scenario: A worker that died between its snapshot and the release of the lock leaves nothing to be done again
    Given worker "A" will be held after it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "A" crashes there
    And the requests to Jira are counted from here
    And 90 seconds pass
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "B" finds the window done
    And Jira was asked nothing since
    And 1 daily snapshot of "acme" is stored

  @lock-release
  Scenario: The lock is given back when the work fails
    Given Jira answers "403" to the next 1 request for "project"
    When worker "A" takes the daily snapshot of "acme" under the lock
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "A" is refused with "403"
    And worker "B" finds the window stored
    And no snapshot lock is held

  @lock-release
  Scenario: The lock is given back when the work panics
    Given worker "A" panics when it next writes "snapshot:"
    When worker "A" takes the daily snapshot of "acme" under the lock
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "A" is refused with "panicked"
    And worker "B" finds the window stored
    And no snapshot lock is held

  @lock-contention
  Scenario: Contention is counted by whoever meets it
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" takes the daily snapshot of "acme" under the lock
    And worker "B" takes the daily snapshot of "acme" under the lock
    And worker "A" goes on
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "A" was denied 0 of 1 snapshot locks
    And worker "B" was denied 2 of 3 snapshot locks
    And worker "B" finds the window done

  @lock-windows
  Scenario: The daily and the weekly snapshot do not exclude each other
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" takes the weekly snapshot of "acme" under the lock
    And worker "A" goes on
    Then worker "B" finds the window stored
    And worker "A" finds the window stored
    And workers "A" and "B" answer with the same hash

  @lock-optional
  Scenario: A snapshot without the lock works beside one under it
    Given worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" takes the daily snapshot of "acme" without the lock
    And worker "A" goes on
    Then worker "B" finds the window stored
    And worker "A" finds the window done
    And workers "A" and "B" answer with the same hash
    And snapshot locks were granted 1 time
    And 1 daily snapshot of "acme" is stored
