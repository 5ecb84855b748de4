@SEV-1-001
Feature: Instances side by side
  Two instances of the app share nothing but the tenant's storage. They are stopped and killed for real, at a
  request that the platform saw.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"

  @invariant:fire_and_forget_jobs
  Scenario: While one instance has the lock, another does not do its work
    Given instance "A" will be stopped after it writes a lock record
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And worker "B" runs the job "snapshot_daily" for "acme"
    And instance "A" goes on
    Then the job of worker "B" skipped
    And the job of worker "A" succeeded
    And 1 snapshot of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: Two instances that want the lock at the same moment do not both get it
    Given instance "A" will be stopped before it writes a lock record
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And worker "B" runs the job "snapshot_daily" for "acme"
    And instance "A" goes on
    Then the job of worker "B" succeeded
    And every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: An instance that read that the lock is free, and is late, does not take it from its holder
    Given instance "A" will be stopped before it writes a lock record
    And instance "B" will be stopped before it writes a snapshot record
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And worker "B" begins the job "snapshot_daily" for "acme"
    And instance "B" is stopped there
    And instance "A" goes on
    And instance "B" goes on
    Then the job of worker "A" skipped
    And the job of worker "B" succeeded
    And 1 snapshot of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario Outline: An instance that slept past its lock's life, <moment>, writes nothing over its successor's
    Given instance "A" will be stopped <moment>
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And the life of a lock runs out
    And worker "B" runs the job "snapshot_daily" for "acme"
    And instance "A" goes on
    Then the job of worker "B" succeeded
    And every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

    Examples:
      | moment                             |
      | after it writes a lock record      |
      | before it asks for "jira"          |
      | before it writes a snapshot record |

  Scenario Outline: An instance that is killed <moment> is replaced, and its work is done once
    Given instance "A" will be stopped <moment>
    When worker "A" begins the job "snapshot_daily" for "acme"
    And instance "A" is stopped there
    And instance "A" is killed there
    And the life of a lock runs out
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then worker "A" has an answer
    And 1 snapshot of "acme" came to lie in the store
    And a snapshot of "acme" lies in its storage, and nothing of anybody else

    Examples:
      | moment                             |
      | before it writes a lock record     |
      | after it writes a lock record      |
      | before it asks for "jira"          |
      | before it writes a snapshot record |
      | after it writes a snapshot record  |
