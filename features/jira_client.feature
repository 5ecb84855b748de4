@SEV-2-002
Feature: Reading Jira
  The client reads every listing whole, in whichever style Jira pages it, and under every trouble that passes.

  Background:
    Given a Jira site "acme" with 230 projects and 250 issues
    And the app is installed for "acme"

  Scenario Outline: All <listing> are read, whatever the style of their pages
    When the app reads all "<listing>" of "acme"
    Then <count> different items came, none of them twice

    Examples:
      | listing       | count |
      | projects      | 230   |
      | issues        | 250   |
      | issues by GET | 250   |
      | fields        | 23    |
      | statuses      | 6     |

  @clamped-page-size
  Scenario: The page size that Jira really took is believed, not the one that was asked for
    Given the app asks Jira for 500 items to a page
    When the app reads all "projects" of "acme"
    Then 230 different items came, none of them twice

  @mode-28
  Scenario Outline: <size> projects to a page leave none out and ask for no page too many
    Given the app asks Jira for <size> items to a page
    When the app reads all "projects" of "acme"
    Then 230 different items came, none of them twice
    And Jira was asked <requests> times

    Examples:
      | size | requests |
      | 10   | 23       |
      | 23   | 10       |
      | 99   | 3        |
      | 100  | 3        |

  @mode-26
  Scenario Outline: Short pages of <listing> are not taken for the end
    Given Jira of "acme" cuts each page of "<route>" to 40 items
    When the app reads all "<listing>" of "acme"
    Then <count> different items came, none of them twice

    Examples:
      | listing  | route                                 | count |
      | issues   | search                                | 250   |
      | projects | searchProjects                        | 230   |

  @mode-25
  Scenario Outline: A total that is off by <by> cuts no listing of projects short and prolongs none
    Given Jira of "acme" tells a total of "searchProjects" that is off by <by>
    When the app reads all "projects" of "acme"
    Then 230 different items came, none of them twice
    And Jira was asked 3 times

    Examples:
      | by   |
      | -150 |
      | 5000 |

  @mode-27
  Scenario Outline: <listing> that show <fault> are given up, not followed
    Given the app asks Jira for 50 items to a page
    And Jira of "acme" shows "<fault>" on every page of "<route>" after the first
    When the app reads all "<listing>" of "acme"
    Then the reading ends with "repeats a"
    And Jira was asked at most 12 times

    Examples:
      | listing  | route          | fault             |
      | issues   | search         | the page before   |
      | projects | searchProjects | the page before   |
      | issues   | search         | pages without end |

  @many-issues
  Scenario: A site of thousands is read whole by id
    Given a Jira site "globex" with 6000 issues
    And the app is installed for "globex"
    And the app asks Jira for 5000 items to a page
    When the app reads all "issues" of "globex"
    Then 6000 different items came, none of them twice
    And Jira was asked at most 3 times

  @mode-32
  Scenario: A 429 that names seconds is obeyed
    Given Jira answers "429 with Retry-After 7" to the next 2 requests for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then 250 different items came, none of them twice
    And no request came before Jira allowed it

  @mode-32
  Scenario: A 429 that names a date is obeyed
    Given Jira of "acme" asks 2 requests for "search" to come back at a date 9 seconds ahead
    When the app reads all "issues" of "acme"
    Then 250 different items came, none of them twice
    And no request came before Jira allowed it

  @mode-32
  Scenario: A 429 that names nothing is tried again a few times only
    Given Jira answers "429" to the next 100 requests for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then the reading ends with "jira asks to wait"
    And Jira was asked 4 times

  @mode-32
  Scenario: A storm of refusals opens the circuit instead of growing
    Given Jira answers "503" to the next 100 requests for "search" of "acme"
    When the app reads all "issues" of "acme" 10 times
    Then the reading ends with "left alone for a while"
    And Jira was asked at most 12 times

  @passing-trouble
  Scenario Outline: A passing "<fault>" is tried again
    Given Jira answers "<fault>" to the next 2 requests for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then 250 different items came, none of them twice

    Examples:
      | fault          |
      | 500            |
      | 503            |
      | malformed JSON |

  @passing-trouble @socket
  Scenario Outline: A passing "<fault>" below HTTP is tried again
    Given Jira answers "<fault>" to the next 1 request for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then 250 different items came, none of them twice

    Examples:
      | fault       |
      | hang        |
      | reset       |
      | half a body |

  @passing-trouble
  Scenario: A slow Jira is waited for
    Given Jira of "acme" takes 5 seconds over each request for "search"
    When the app reads all "issues" of "acme"
    Then 250 different items came, none of them twice
    And Jira was asked 3 times

  @lasting-trouble
  Scenario Outline: A lasting <fault> ends the reading after <requests> requests
    Given Jira answers "<fault>" to the next 100 requests for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then the reading ends with "<words>"
    And Jira was asked <requests> times

    Examples:
      | fault          | requests | words                      |
      | 403            | 1        | refused                    |
      | 404            | 1        | refused                    |
      | 500            | 4        | failed with status 500     |
      | 503            | 4        | failed with status 503     |
      | malformed JSON | 4        | something unreadable       |

  @expired-token
  Scenario: A token that dies before its time is refreshed once, and the reading goes on
    Given the access token of "acme" dies before its time
    When the app reads all "projects" of "acme"
    Then 230 different items came, none of them twice
    And 1 token was issued to "acme" after its consent

  @expired-token
  Scenario: A 401 that stays is not answered with refresh after refresh
    Given Jira answers "401" to the next 100 requests for "search" of "acme"
    When the app reads all "issues" of "acme"
    Then the reading ends with "refused"
    And Jira was asked 2 times
    And 1 token was issued to "acme" after its consent
