@SEV-2-004
Feature: Feature gate
  With the gate on, scheduled jobs are planned, leased and logged; with it off they run exactly as before.

  Background:
    Given a Jira site "acme"
    And the app is installed for "acme"

  @invariant:fire_and_forget_jobs
  Scenario Outline: With the gate off the job <job> stores nothing of jobs
    Given worker "B" runs with the gate off
    When worker "B" runs the job "<job>"
    Then nothing is stored of jobs

    Examples:
      | job             |
      | snapshot_daily  |
      | snapshot_weekly |
      | token_refresh   |
      | intent_sweep    |
      | crash_recovery  |

  Scenario: With the gate off the store is left byte for byte as before
    Then with the gate off the daily job of "acme" leaves byte for byte what the lock alone leaves

  Scenario Outline: With the gate on the job <job> is planned, leased, logged and ended
    When worker "B" runs the job "<job>"
    Then the jobs of "acme" are "<job> succeeded"
    And each event was stored in the transaction that changed its job
    And the events count as many jobs, attempts, operations and endings as the records do

    Examples:
      | job             |
      | snapshot_daily  |
      | snapshot_weekly |

  @mode-10
  Scenario: A trigger that comes twice does the work once
    When worker "B" runs the job "snapshot_daily" for "acme"
    And worker "C" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And the job of worker "C" skipped
    And 1 daily snapshot of "acme" is stored
    And the jobs of "acme" are "snapshot_daily succeeded"

  @mode-10
  Scenario: A trigger that comes while another worker is at it does nothing
    Given worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "C" runs the job "snapshot_daily" for "acme"
    And worker "B" goes on
    Then the job of worker "C" skipped
    And the job of worker "B" succeeded
    And 1 daily snapshot of "acme" is stored

  Scenario: The next day is another job
    When worker "B" runs the job "snapshot_daily" for "acme"
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And the jobs of "acme" are "snapshot_daily succeeded, snapshot_daily succeeded"

  @invariant:fire_and_forget_jobs
  Scenario: A job that failed is planned anew by the next trigger of its window
    When worker "A" runs the job "snapshot_weekly" for "acme"
    Given Jira answers "500" to the next 4 requests for "field" of "acme"
    When worker "B" runs the job "snapshot_daily" for "acme"
    And worker "C" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" failed
    And the job of worker "C" succeeded
    And the jobs of "acme" are "snapshot_daily failed, snapshot_daily succeeded, snapshot_weekly succeeded"

  @invariant:fire_and_forget_jobs
  Scenario: Each tenant has a job of its own, and one that fails leaves the other done
    Given a Jira site "globex"
    And the app is installed for "globex"
    When worker "A" runs the job "snapshot_weekly" for "acme"
    And worker "A" runs the job "snapshot_weekly" for "globex"
    Given Jira answers "500" to the next 4 requests for "field" of "acme"
    When worker "B" runs the job "snapshot_daily"
    Then the jobs of "acme" are "snapshot_daily failed, snapshot_weekly succeeded"
    And the jobs of "globex" are "snapshot_daily succeeded, snapshot_weekly succeeded"

  Scenario: Switched off after a snapshot, the app finds it and leaves what was stored of jobs alone
    When worker "B" runs the job "snapshot_daily" for "acme"
    And it is noted what is stored of jobs
    And worker "C" is started with the gate off
    And worker "C" runs the job "snapshot_daily" for "acme"
    Then the job of worker "C" skipped
    And 1 daily snapshot of "acme" is stored
    And what is stored of jobs is as noted, byte for byte

  Scenario: Switched off and on again, the app goes on where it was
    Given worker "C" runs with the gate off
    When worker "B" runs the job "snapshot_daily" for "acme"
    And 1 day passes
    And worker "C" runs the job "snapshot_daily" for "acme"
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And 3 daily snapshots of "acme" are stored
    And the jobs of "acme" are "snapshot_daily succeeded, snapshot_daily succeeded"

  Scenario: Switched on after a snapshot, the app finds it and takes no second one
    Given worker "B" runs with the gate off
    When worker "B" runs the job "snapshot_daily" for "acme"
    And worker "C" is started with the gate on
    And worker "C" runs the job "snapshot_daily" for "acme"
    Then the job of worker "C" skipped
    And the jobs of "acme" are "snapshot_daily skipped"
    And 1 daily snapshot of "acme" is stored

  Scenario Outline: While a worker with the gate <one> is at a window, one with the gate <other> leaves it alone
    Given worker "B" runs with the gate <one>
    And worker "C" runs with the gate <other>
    And worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "C" runs the job "snapshot_daily" for "acme"
    And worker "B" goes on
    Then the job of worker "C" skipped
    And the job of worker "B" succeeded
    And 1 daily snapshot of "acme" is stored

    Examples:
      | one | other |
      | on  | off   |
      | off | on    |

  Scenario: Switched off in mid-job, the app takes the snapshot as before, and switched on it ends the job
    Given worker "C" runs with the gate off
    And worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "B" crashes there
    And 91 seconds pass
    And worker "C" runs the job "snapshot_daily" for "acme"
    And worker "D" is started with the gate on
    And worker "D" runs the job "crash_recovery"
    Then the job of worker "C" succeeded
    And 1 daily snapshot of "acme" is stored
    And the jobs of "acme" are "snapshot_daily skipped"

  @mode-07 @mode-08 @mode-09
  Scenario Outline: A job whose worker died <moment> is ended by the crash recovery
    Given worker "B" will be held <when> "<key>"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "B" crashes there
    And 91 seconds pass
    And worker "C" runs the job "crash_recovery"
    Then the job of worker "C" <end>
    And 1 daily snapshot of "acme" is stored
    And the jobs of "acme" are "snapshot_daily <end>"
    And the events count as many jobs, attempts, operations and endings as the records do

    Examples:
      | moment                    | when             | key            | end |
      | once it was planned       | after it writes  | job_open:      | succeeded |
      | once it was leased        | after it writes  | job_lease:     | succeeded |
      | with the window locked    | after it writes  | snapshot_lock: | succeeded |
      | once its log began        | after it writes  | operation:     | succeeded |
      | just before the snapshot  | before it writes | snapshot:      | succeeded |
      | just after the snapshot   | after it writes  | snapshot:      | skipped |

  Scenario: A job whose window is still locked is left for the next crash recovery
    Given worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "B" crashes there
    And 70 seconds pass
    And worker "C" runs the job "crash_recovery"
    And 21 seconds pass
    And worker "D" runs the job "crash_recovery"
    Then the job of worker "C" skipped
    And the job of worker "D" succeeded
    And 1 daily snapshot of "acme" is stored

  @mode-13
  Scenario: A job whose worker is alive is not rescued
    Given worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And 30 seconds pass
    And worker "C" runs the job "crash_recovery"
    And worker "B" goes on
    Then the job of worker "C" skipped
    And the job of worker "B" succeeded
    And 1 daily snapshot of "acme" is stored

  Scenario: A job left over from an earlier window ends without a snapshot of today under yesterday's name
    When worker "A" runs the job "snapshot_weekly" for "acme"
    Given worker "B" will be held before it writes "snapshot:"
    When worker "B" begins the job "snapshot_daily" for "acme"
    And worker "B" is held
    And worker "B" crashes there
    And 1 day passes
    And worker "C" runs the job "crash_recovery"
    And worker "D" runs the job "snapshot_daily" for "acme"
    Then the job of worker "D" succeeded
    And 1 daily snapshot of "acme" is stored
    And the jobs of "acme" are "snapshot_daily failed, snapshot_weekly succeeded, snapshot_daily succeeded"

  @mode-12
  Scenario Outline: A scheduled job goes on when the store loses its answer about "<key>"
    Given the answer to the next write of worker "B" to "<key>" gets lost
    When worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And 1 daily snapshot of "acme" is stored
    And the jobs of "acme" are "snapshot_daily succeeded"

    Examples:
      | key        |
      | job_open:  |
      | job_lease: |
      | operation: |
