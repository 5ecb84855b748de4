@SEV-1-001
Feature: The next release keeps what the released one promised
  What the released version promised is in the baseline: `gonogo baseline DIR` records it.

  @invariant:backward_compatible @invariant:no_scope_expansion
  Scenario: Records of the released version are read, its operations answer, and nothing more is used
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"
    And "acme" holds the records of the released version
    When 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is read to its end, 50 to a page
    Then the job of worker "A" succeeded
    And the listing tells of "Known to the released version"
    When every operation that the app describes is called for "acme"
    Then each of them answered with what it describes
    And every record of the released version was read

  Scenario: What it stores is kept for the next version to read
    Given a Jira site "acme" with 20 issues
    And a field "Known to the released version" is added to the site of "acme"
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the records of "acme" are kept for the next version to read
