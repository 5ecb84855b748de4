@SEV-2-003
Feature: Token refresh in trouble
  A lost reply, an outage, a crash or a race costs no tenant its consent.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"

  @mode-15
  Scenario: Three workers who all saw the ended token make one token request
    Given worker "A" will be held after it reads "token:acme"
    And worker "B" will be held after it reads "token:acme"
    And worker "C" will be held after it reads "token:acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And worker "B" begins to read Jira for "acme"
    And worker "C" begins to read Jira for "acme"
    And worker "A" is held
    And worker "B" is held
    And worker "C" is held
    And worker "A" is let go
    And worker "B" is let go
    And worker "C" is let go
    And worker "A" comes to the end
    And worker "B" comes to the end
    And worker "C" comes to the end
    Then worker "A" was answered
    And worker "B" was answered
    And worker "C" was answered
    And the token endpoint was asked 1 time for "acme"
    And the last read of "acme" carried the pair of rotation 1

  @mode-15 @socket
  Scenario: A worker that comes while the token endpoint is being asked waits for that answer
    Given the token endpoint holds back its answers to "acme"
    And worker "B" will be held after it reads "token_refresh:acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And worker "B" begins to read Jira for "acme"
    And worker "B" is held
    And worker "B" goes on as far as a second look at the lock, or a second token request
    And the token endpoint lets its answers go
    And worker "A" comes to the end
    And worker "B" comes to the end
    Then worker "A" was answered
    And worker "B" was answered
    And the token endpoint was asked 1 time for "acme"

  @mode-06 @socket
  Scenario: A step of the wall clock does not end a refresh that is under way
    Given the token endpoint holds back its answers to "acme"
    And worker "B" will be held after it reads "token_refresh:acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And the wall clock is stepped 30 minutes forward
    And worker "B" begins to read Jira for "acme"
    And worker "B" is held
    And worker "B" goes on as far as a second look at the lock, or a second token request
    And the token endpoint lets its answers go
    And worker "A" comes to the end
    And worker "B" comes to the end
    Then worker "A" was answered
    And worker "B" was answered
    And the token endpoint was asked 1 time for "acme"
    And the consent of "acme" was revoked 0 times

  @mode-06 @socket
  Scenario: A worker whose request is out for longer than the leeway does not repeat it
    Given the token endpoint holds back its answers to "acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And 28 minutes pass
    And worker "A" comes to the end
    Then worker "A" was refused
    And the token endpoint was asked 1 time for "acme"
    And the consent of "acme" was revoked 0 times

  @mode-06
  Scenario: What a suspended worker began is finished by the sweep, and it sends nothing when it wakes
    Given worker "A" will be held after it writes "token:acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And worker "A" is held
    And 2 minutes pass
    And worker "B" runs the job "intent_sweep"
    And 28 minutes pass
    And worker "A" goes on
    And worker "A" reads Jira for "acme"
    Then the job of worker "B" succeeded
    And worker "A" was answered
    And the token endpoint was asked 1 time for "acme"
    And the consent of "acme" was revoked 0 times
    And the last read of "acme" carried the pair of rotation 1

  @mode-16 @socket
  Scenario Outline: A pair whose reply came to nothing (<reply>) is fetched at once by sending the same token again
    Given Jira answers "<reply>" to the next 1 request for "oauth.token" of "acme"
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 2 times for "acme"
    And the token endpoint issued 2 new pairs to "acme"
    And the token endpoint refused "acme" 0 times
    And the last read of "acme" carried the pair of rotation 2
    And no refresh of "acme" stands begun in the store

    Examples:
      | reply          |
      | a lost reply   |
      | half a body    |
      | malformed JSON |

  @mode-17 @socket
  Scenario: A worker that dies between the request and the new pair leaves an intent, and the sweep finishes it
    Given the token endpoint holds back its answers to "acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And worker "A" crashes while it waits for the token endpoint
    Then a refresh of "acme" stands begun in the store
    When the token endpoint lets its answers go
    And 2 minutes pass
    And worker "B" runs the job "intent_sweep"
    Then the job of worker "B" counts 1 succeeded, 0 skipped and 0 failed
    And no refresh of "acme" stands begun in the store
    And the token endpoint issued 2 new pairs to "acme"
    When 1 hour passes
    And worker "B" reads Jira for "acme"
    Then worker "B" was answered
    And the token endpoint refused "acme" 0 times
    And the consent of "acme" was revoked 0 times

  @mode-17
  Scenario: A worker that dies before the request leaves nothing worse than an intent
    Given worker "A" will be held after it writes "token:acme"
    When 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And worker "A" is held
    And worker "A" crashes there
    And 2 minutes pass
    And worker "B" runs the job "intent_sweep"
    And worker "B" reads Jira for "acme"
    Then worker "B" was answered
    And the token endpoint was asked 1 time for "acme"
    And no refresh of "acme" stands begun in the store

  @mode-17
  Scenario: A new pair whose saving gets no reply is neither lost nor fetched again
    Given the store loses its reply to worker "A" about "token:acme" after the pair has come
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 1 time for "acme"
    And the last read of "acme" carried the pair of rotation 1
    And no refresh of "acme" stands begun in the store

  @mode-17 @socket @no-storm
  Scenario: Reuse after the leeway costs the consent, which is asked for once and followed by silence
    Given the token endpoint holds back its answers to "acme"
    When worker "B" runs the job "snapshot_daily" for "acme"
    And 2 hours pass
    And worker "A" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And worker "A" crashes while it waits for the token endpoint
    And the token endpoint lets its answers go
    And 20 minutes pass
    And worker "B" reads Jira for "acme"
    Then worker "B" is refused with "consent again"
    And the consent of "acme" was revoked 1 time
    And "acme" was told "consent_needed" 1 time
    When from here on is counted
    And worker "A" reads Jira for "acme"
    And worker "B" reads Jira for "acme"
    And worker "B" runs the job "intent_sweep"
    And 12 hours pass
    And worker "B" runs the job "token_refresh"
    And worker "A" reads Jira for "acme"
    Then the token endpoint was asked 0 times for "acme"
    And "acme" was told "consent_needed" 0 times

  @no-storm
  Scenario: After a refusal a new consent opens Jira again
    When worker "A" runs the job "snapshot_daily" for "acme"
    And an administrator of "acme" withdraws consent
    And 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" is refused with "consent again"
    When an administrator of "acme" gives consent again
    And the app is installed for "acme"
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the last read of "acme" carried a pair of consent number 2
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And "acme" was told "consent_needed" 1 time

  @mode-18
  Scenario Outline: An outage of the token endpoint (<outage>) is no refusal
    Given Jira answers "<outage>" to the next 20 requests for "oauth.token" of "acme"
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" is refused with "out of reach"
    And the stored token of "acme" may be refreshed
    And "acme" was told "consent_needed" 0 times
    When the token endpoint works again
    And 5 minutes pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint refused "acme" 0 times
    And the token endpoint issued 1 new pair to "acme"

    Examples:
      | outage                  |
      | 500                     |
      | 503                     |
      | 429                     |
      | 429 with Retry-After 90 |
      | hang                    |
      | reset                   |

  @mode-18
  Scenario: Trouble that passes costs one renewal a few more tries and nobody notices
    Given Jira answers "503" to the next 2 requests for "oauth.token" of "acme"
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 3 times for "acme"
    And the token endpoint issued 1 new pair to "acme"

  @mode-18
  Scenario: A token that is about to end is used on while the token endpoint is out
    Given Jira answers "500" to the next 20 requests for "oauth.token" of "acme"
    When 59 minutes pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the last read of "acme" carried the pair of rotation 0
    And the token endpoint issued 0 new pairs to "acme"

  @mode-18 @mode-32
  Scenario: The token endpoint's wish to be left alone is granted
    Given Jira answers "429 with Retry-After 20" to the next 2 requests for "oauth.token" of "acme"
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was left alone for 20 seconds after it asked "acme" to wait

  @mode-19 @socket
  Scenario: A worker whose token was refused leaves alone the pair that came meanwhile
    Given the token endpoint holds back its answers to "acme"
    When worker "C" runs the job "snapshot_daily" for "acme"
    And an administrator of "acme" withdraws consent
    And 2 hours pass
    And worker "B" begins to read Jira for "acme"
    And the token endpoint holds an answer back
    And an administrator of "acme" gives consent again
    And the app is installed for "acme"
    And the token endpoint lets its answers go
    And worker "B" comes to the end
    Then the token endpoint refused "acme" 1 time
    And worker "B" was answered
    And the last read of "acme" carried a pair of consent number 2
    And the stored token of "acme" may be refreshed
    And "acme" was told "consent_needed" 0 times
