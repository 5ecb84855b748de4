@SEV-1-001
Feature: No job is left out
  What holds for the daily job holds for the weekly one, and no job that the app describes goes unseen.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"

  @invariant:fire_and_forget_jobs
  Scenario: A week has one snapshot, on whatever day it is taken
    When 2 days pass
    And worker "A" runs the job "snapshot_weekly" for "acme"
    And 1 day passes
    And worker "B" runs the job "snapshot_weekly" for "acme"
    Then the job of worker "B" skipped
    And 1 snapshot of "acme" came to lie in the store
    When 7 days pass
    And worker "A" runs the job "snapshot_weekly" for "acme"
    Then the job of worker "A" succeeded
    And 2 snapshots of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: An instance that is late with a week's snapshot stores no second one
    Given instance "A" will be stopped before it writes a snapshot record
    When worker "A" begins the job "snapshot_weekly" for "acme"
    And instance "A" is stopped there
    And worker "B" runs the job "snapshot_weekly" for "acme"
    And instance "A" goes on
    Then every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: An instance that slept past its lock's life writes nothing over its successor's week
    Given instance "A" will be stopped before it writes a snapshot record
    When worker "A" begins the job "snapshot_weekly" for "acme"
    And instance "A" is stopped there
    And the life of a lock runs out
    And worker "B" runs the job "snapshot_weekly" for "acme"
    And instance "A" goes on
    Then the job of worker "B" succeeded
    And every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

  Scenario: A token that has run out is renewed once for a week's snapshot
    When 2 hours pass
    And worker "A" runs the job "snapshot_weekly" for "acme"
    Then the job of worker "A" succeeded
    And the token endpoint issued 1 new pair to "acme"

  @invariant:fire_and_forget_jobs @invariant:read_only_jira @invariant:tenant_isolation
  Scenario: Every job that the app describes ends by itself, reads, and renews a token once at most
    Given a Jira site "umbrella" with 10 issues
    And the app is installed for "umbrella"
    When worker "A" runs every job that the app describes
    And 8 days pass
    And worker "A" runs every job that the app describes
    And worker "B" runs every job that the app describes
    Then every job that began came to its end by itself
    And no job renewed a token more than once
    And nobody had to act for "acme"
    And the site of "acme" is as it was
    And every request of "acme" was answered as a read
    And every request of "umbrella" was answered as a read

  @invariant:fire_and_forget_jobs
  Scenario: Every job that the app describes ends by itself when the platform is down
    Given Jira answers "500" to every request for "jira" of "acme"
    When worker "A" runs every job that the app describes
    Then every job that began came to its end by itself
    And 0 snapshots of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: A lock whose expired record lingers in the storage locks nobody out
    Given expired keys of "acme" linger
    And instance "A" will be stopped after it writes a lock record
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And instance "A" is killed there
    And the life of a lock runs out
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And 1 snapshot of "acme" came to lie in the store
