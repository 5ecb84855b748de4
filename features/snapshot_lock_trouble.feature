@SEV-2-001
Feature: Snapshot lock in trouble
  Wrong clocks, lost answers, long work and stuck work neither break the lock nor keep it for ever.

  @mode-05
  Scenario Outline: A worker whose clock is wrong takes no lock that is held
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And the wall clock of worker "B" is 120 seconds <wrong>
    And worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "B" takes the daily snapshot of "acme" under the lock
    And worker "A" goes on
    Then worker "B" finds the window locked
    And worker "A" finds the window stored
    And snapshot locks were granted 1 time

    Examples:
      | wrong  |
      | ahead  |
      | behind |

  @mode-05
  Scenario: A worker whose clock is behind keeps no lock that has run out
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And the wall clock of worker "B" is 120 seconds behind
    And worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And worker "A" crashes there
    And 90 seconds pass
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "B" finds the window stored

  @mode-12
  Scenario: A grant whose answer was lost is still the worker's own
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And the store's answer is lost when worker "A" next writes "snapshot_lock"
    When worker "A" takes the daily snapshot of "acme" under the lock
    Then worker "A" finds the window stored
    And snapshot locks were granted 1 time
    And no snapshot lock is held

  @mode-12
  Scenario: A release whose answer was lost leaves the lock free
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "acme" under the lock
    And worker "A" is held
    And the store's answer is lost when worker "A" next writes "snapshot_lock"
    And worker "A" goes on
    Then worker "A" finds the window stored
    And snapshot locks were granted 1 time
    And no snapshot lock is held

  @mode-12
  Scenario: A snapshot whose answer was lost is found and not made again
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And the store's answer is lost when worker "A" next writes "snapshot:"
    When worker "A" takes the daily snapshot of "acme" under the lock
    Then worker "A" finds the window stored
    And 1 daily snapshot of "acme" is stored

  @mode-13
  Scenario: A long snapshot keeps its lock while it gets on, and nobody rescues it
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And Jira takes 20 seconds over each answer
    And worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the job "snapshot_daily" for "acme"
    And worker "A" is held
    And worker "B" runs the job "crash_recovery"
    And worker "C" takes the daily snapshot of "acme" under the lock
    And worker "A" goes on
    Then the snapshot lock was renewed by worker "A"
    And the job of worker "B" skipped
    And worker "C" finds the window locked
    And the job of worker "A" succeeded
    And 1 daily snapshot of "acme" is stored

  @mode-14
  Scenario: A stuck snapshot is stopped and its lock is not renewed
    Given a Jira site "acme" with 60 issues
    And the app is installed for "acme"
    And Jira answers "hang" to the next 4 requests for "project"
    When worker "A" takes the daily snapshot of "acme" under the lock
    And worker "B" takes the daily snapshot of "acme" under the lock
    Then worker "A" is refused with "did not answer"
    And no snapshot lock was kept longer than 90 seconds

  @mode-14
  Scenario: Even a snapshot that gets on does not keep its lock for ever
    Given a Jira site "acme" with 60 projects
    And the app is installed for "acme"
    And Jira takes 20 seconds over each answer
    When worker "A" takes the daily snapshot of "acme" under the lock
    Then the snapshot lock was renewed by worker "A"
    And no snapshot lock was kept longer than 900 seconds
    And 0 daily snapshots of "acme" are stored
