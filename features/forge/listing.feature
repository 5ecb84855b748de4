@SEV-1-001 @socket
Feature: What a Forge app lists in pages
  Which call of its resolvers lists, only the app's team knows: `forge: {listing: {call: …}}` in gonogo.yaml
  names it, `forge: {without_listing: "why"}` says that there is none.

  Scenario: Read to its end, the listing is whole, whatever the size of a page
    Given the Forge app is installed for "acme"
    And the app has something to list for "acme"
    When the listing of "acme" is read to its end, 2 to a page
    And the listing of "acme" is read to its end, 100 to a page
    Then both readings show the same items, each of them once
    And no page is longer than it was asked for
    And more is announced exactly as long as more follows

  Scenario: A cursor that the app never gave out opens nothing
    Given the Forge app is installed for "acme"
    And the app has something to list for "acme"
    When the listing of "acme" is read to its end, 2 to a page
    And the listing of "acme" is asked for with a cursor that was cut
    Then no item comes out of order or twice
