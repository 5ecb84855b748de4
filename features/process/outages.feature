@SEV-1-001
Feature: What could not be read is not made up
  An outage of the platform is no content of a site, and the platform is left alone for as long as it asks.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"

  @invariant:fire_and_forget_jobs
  Scenario Outline: A site that answers nothing but <fault> to <job> is not stored as an empty one
    Given Jira answers "<fault>" to the next 10000 requests for "jira" of "acme"
    When worker "A" runs the job "<job>" for "acme"
    Then the job of worker "A" did not report success
    And 0 snapshots of "acme" came to lie in the store

    Examples:
      | fault | job             |
      | 500   | snapshot_daily  |
      | 403   | snapshot_daily  |
      | 429   | snapshot_weekly |
      | reset | snapshot_weekly |

  @invariant:fire_and_forget_jobs
  Scenario Outline: An outage that begins after <count> answers changes nothing of a site
    Given worker "A" has run the job "snapshot_daily" for "acme"
    When it is noted what the drift of "acme" tells
    And 1 day passes
    And Jira answers "503" to every request for "jira" of "acme" after the first <count>
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the trouble ends
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And all snapshots of "acme" hash alike
    And the drift of "acme" tells nothing new

    Examples:
      | count |
      | 1     |
      | 2     |

  @invariant:fire_and_forget_jobs
  Scenario: A platform that has enough and names no time is not asked again at once
    Given Jira answers "429" to the next 10000 requests for "jira" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then every job that began came to its end by itself
    And no request for "acme" that was answered with 429 came again at once

  @invariant:fire_and_forget_jobs
  Scenario: A platform that names a date to come back at is left alone until then
    Given Jira of "acme" asks 2 requests for "jira" to come back at a date 40 seconds ahead
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And Jira of "acme" was left alone for as long as it asked

  @invariant:fire_and_forget_jobs
  Scenario: A storage that says when to come back is left alone until then
    Given Jira answers "429 with Retry-After 40" to the next 1 request for "kvs" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then every job that began came to its end by itself
    And the storage of "acme" was left alone for as long as it asked

  @invariant:fire_and_forget_jobs
  Scenario: A token endpoint that says when to come back is left alone until then
    Given Jira answers "429 with Retry-After 40" to the next 1 request for "oauth" of "acme"
    When 2 hours pass
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then every job that began came to its end by itself
    And the token endpoint of "acme" was left alone for as long as it asked
