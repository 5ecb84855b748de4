@SEV-2-002
Feature: Pagination of drift events
  Pages of a listing show every event once, in order, whatever happens to the listing meanwhile.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"

  @mode-28
  Scenario Outline: <count> events in pages of <size> take <pages> pages, and none of them is empty in vain
    Given tenant "acme" has <count> drift events
    When the drift events of "acme" are read to the end, <size> to a page
    Then <pages> pages of drift events were served
    And each drift event that was there all the time was served once, in order
    And no page but the first one was empty
    And only the last page said that nothing follows

    Examples:
      | count | size | pages |
      | 0     | 10   | 1     |
      | 1     | 10   | 1     |
      | 9     | 10   | 1     |
      | 10    | 10   | 1     |
      | 11    | 10   | 2     |
      | 20    | 10   | 2     |
      | 21    | 10   | 3     |
      | 3     | 1    | 3     |

  @mode-28
  Scenario Outline: A page size of <asked> becomes <size>
    Given tenant "acme" has 12 drift events
    When the first page of drift events of "acme" is read, <asked> to a page
    Then the page size was <size>

    Examples:
      | asked | size |
      | -1    | 1    |
      | 0     | 1    |
      | 1     | 1    |
      | 499   | 499  |
      | 500   | 500  |
      | 501   | 500  |

  @mode-28
  Scenario: A page of 500 out of 501 events leaves one for the next page
    Given tenant "acme" has 501 drift events
    When the first page of drift events of "acme" is read, 9000 to a page
    Then the page holds 500 drift events
    When the next page of drift events is read
    Then the page holds 1 drift event
    And only the last page said that nothing follows

  Scenario: Without a size a page holds a hundred
    Given tenant "acme" has 130 drift events
    When a page of drift events of "acme" is read without a size
    Then the page size was 100
    And the page holds 100 drift events

  Scenario: A page tells where it stands, how large it is, how much there is and what follows
    Given tenant "acme" has 25 drift events
    When the first page of drift events of "acme" is read, 10 to a page
    Then the page says "has_more=true items=10 limit=10 next_cursor=given page=1 total_count=25"
    When the rest of the drift events is read
    Then the page says "has_more=false items=5 limit=10 next_cursor=none page=3 total_count=25"

  @mode-21
  Scenario Outline: Events written <where> while somebody reads shift nothing
    Given tenant "acme" has 24 drift events
    When the first page of drift events of "acme" is read, 10 to a page
    And 3 drift events are written <where>
    And the rest of the drift events is read
    Then each drift event that was there all the time was served once, in order
    And no page but the first one was empty

    Examples:
      | where                     |
      | before the first one      |
      | before the reader's place |
      | at the reader's place     |
      | behind the reader's place |

  @mode-21
  Scenario: Events deleted before the reader's place, its own place included, shift nothing
    Given tenant "acme" has 30 drift events
    When the first page of drift events of "acme" is read, 10 to a page
    And 4 drift events are deleted that were served already
    And the rest of the drift events is read
    Then each drift event that was there all the time was served once, in order

  @mode-22
  Scenario Outline: Events of one time that fall on both sides of a page's edge are all served, <size> to a page
    Given tenant "acme" has 40 drift events, 7 of them at each time
    When the drift events of "acme" are read to the end, <size> to a page
    Then each drift event that was there all the time was served once, in order

    Examples:
      | size |
      | 1    |
      | 5    |
      | 7    |
      | 10   |

  @mode-22
  Scenario: A whole listing of one single time is paged by id
    Given tenant "acme" has 35 drift events, 35 of them at each time
    When the drift events of "acme" are read to the end, 4 to a page
    Then each drift event that was there all the time was served once, in order

  @mode-23
  Scenario: An event that is written anew while somebody reads keeps its place
    Given tenant "acme" has 24 drift events
    When the first page of drift events of "acme" is read, 10 to a page
    And the drift event at the reader's place is written anew
    And the rest of the drift events is read
    Then each drift event that was there all the time was served once, in order

  @mode-24
  Scenario: An event that is committed late, with a time already passed, is in the next reading
    Given tenant "acme" has 24 drift events
    When the drift events of "acme" are read to the end, 100 to a page
    And 1 drift event is written before the reader's place
    Then a new reading of "acme" shows all of them, the late one too

  @mode-25
  Scenario: A count that says less than there is ends no listing early
    Given tenant "acme" has 24 drift events
    And the stored count of drift events of "acme" is 7 too low
    When the drift events of "acme" are read to the end, 5 to a page
    Then each drift event that was there all the time was served once, in order
    And only the last page said that nothing follows

  @mode-25
  Scenario: A listing that loses events while it is read ends where they end
    Given tenant "acme" has 24 drift events
    When the first page of drift events of "acme" is read, 10 to a page
    And 9 drift events are deleted that the reader has not seen
    And the rest of the drift events is read
    Then each drift event that was there all the time was served once, in order
    And 2 pages of drift events were served
    And only the last page said that nothing follows

  @mode-29
  Scenario Outline: A cursor <how> is refused
    Given tenant "acme" has 12 drift events
    And a cursor of "acme"
    And the cursor is "<how>"
    When the cursor is used for the drift events of "acme"
    Then the cursor is refused with "<words>"
    And no drift event of "acme" was served

    Examples:
      | how                                | words                                        |
      | forged at its end                  | was not issued for this tenant and query     |
      | forged to name another row         | was not issued for this tenant and query     |
      | given the number of another format | format of another version; start again       |
      | cut in half                        | malformed or truncated                       |
      | short of its last letter           | malformed or truncated                       |
      | replaced by other text             | malformed or truncated                       |
      | emptied                            | malformed or truncated                       |

  @mode-29 @invariant:tenant_isolation
  Scenario: A cursor of another tenant is refused, and each tenant sees its own events alone
    Given a Jira site "globex" with 10 issues
    And the app is installed for "globex"
    And tenant "acme" has 12 drift events
    And tenant "globex" has 12 drift events
    And a cursor of "globex"
    When the cursor is used for the drift events of "acme"
    Then the cursor is refused with "was not issued for this tenant and query"
    And no drift event of "acme" was served
    When the drift events of "globex" are read to the end, 5 to a page
    Then each drift event that was there all the time was served once, in order
    When the drift events of "acme" are read to the end, 5 to a page
    Then each drift event that was there all the time was served once, in order

  @mode-29
  Scenario: A cursor of another query is refused
    Given tenant "acme" has 12 drift events
    And a cursor of "acme" for the added ones alone
    When the cursor is used for the drift events of "acme"
    Then the cursor is refused with "was not issued for this tenant and query"

  @mode-29
  Scenario: An untouched cursor is accepted
    Given tenant "acme" has 12 drift events
    When the first page of drift events of "acme" is read, 5 to a page
    And the next page of drift events is read
    Then the page says "has_more=true items=5 limit=5 next_cursor=given page=2 total_count=12"

  @one-page-in-memory
  Scenario: A listing of thousands is streamed whole, a batch in memory at a time
    Given tenant "acme" has 3000 drift events, 3 of them at each time
    When the drift events of "acme" are streamed in batches of 250
    Then each drift event came once, in order
    And no read of the store asked for more than 250 records
    And at most 13 reads of the store were made

  @one-page-in-memory
  Scenario: A page reads one record more than it holds, and no more
    Given tenant "acme" has 60 drift events
    When the drift events of "acme" are read to the end, 10 to a page
    Then no read of the store asked for more than 11 records
    And at most 6 reads of the store were made
