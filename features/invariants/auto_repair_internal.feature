@SEV-1-001
Feature: Damage heals by itself
  What a crash or a bad disk leaves behind, the next runs put right, in the app's own storage alone.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"

  @invariant:auto_repair_internal
  Scenario: A lock whose worker is gone runs out
    Given a worker that is gone holds the snapshot lock of "acme"
    When 2 minutes pass
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole

  @invariant:auto_repair_internal
  Scenario: A lock of an earlier boot holds nobody up
    Given a worker of an earlier boot holds the snapshot lock of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole

  @invariant:auto_repair_internal
  Scenario: A job whose worker died is taken over
    Given a worker died in the middle of the job "snapshot_daily" for "acme"
    When 2 minutes pass
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole

  @invariant:auto_repair_internal
  Scenario Outline: A corrupt <family> record is replaced by the next run
    Given worker "A" has run the job "snapshot_daily" for "acme"
    When the <family> record of "acme" is corrupted
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole
    And nobody had to act for "acme"

    Examples:
      | family        |
      | snapshot      |
      | snapshot_done |

  @invariant:auto_repair_internal
  Scenario Outline: A corrupt <family> record does not outlive the next window
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And a field "Team" is added to the site of "acme"
    When the <family> record of "acme" is corrupted
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole
    And it is stored for "acme":
      """
      field "Team" was added
      """

    Examples:
      | family          |
      | snapshot_latest |
      | drift_count     |

  @invariant:auto_repair_internal
  Scenario: A corrupt lock is no lock
    When the snapshot_lock record of "acme" is corrupted
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole

  @invariant:auto_repair_internal
  Scenario Outline: Half a snapshot without its <family> record is made whole
    Given worker "A" has run the job "snapshot_daily" for "acme"
    When the <family> record of "acme" is lost
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole

    Examples:
      | family        |
      | snapshot      |
      | snapshot_done |

  @invariant:auto_repair_internal
  Scenario: Missed windows are left behind and the next one is taken
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And a field "Team" is added to the site of "acme"
    When no job runs for "acme" for 3 days
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole
    And it is stored for "acme":
      """
      field "Team" was added
      """

  @invariant:auto_repair_internal
  Scenario: Damage heals although the platform fails the first run after it
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And Jira answers "500" to the next 4 requests for "jira" of "acme"
    When the snapshot record of "acme" is corrupted
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the snapshot of today's window of "acme" is whole
