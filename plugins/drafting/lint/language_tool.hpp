// LanguageTool's HTTP API, version 2, in JSON: what its clients ask and are answered.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "document.hpp"
#include "noa/sdk/json_value.hpp"

namespace drafting::lint {

// A form's fields: "text" or "data", "language", "enabledRules", "disabledRules",
// "enabledCategories", "disabledCategories", "enabledOnly", "level", "mode", and what else clients
// send, which is passed over. "format": "markdown" is our own.
using Form = std::map<std::string, std::string>;

// What is checked of a request: its text without markup, and where each piece of it was.
struct Annotated {
    std::string text;
    Format format = Format::plain;

    struct Piece {
        std::size_t plain = 0;    // UTF-16 units in `text`
        std::size_t original = 0; // in what the client has
        bool markup = false;
    };
    std::vector<Piece> pieces;

    // Where a place of the text is for the client.
    [[nodiscard]] std::size_t original(std::size_t plain, bool end) const noexcept;
};
// INVALID: no text, broken annotations, a language that is not English, rules that contradict.
[[nodiscard]] noa::sdk::Result<Annotated> read_request(const Form& form);

// The answer of /v2/check.
[[nodiscard]] noa::sdk::Json check_answer(const Form& form, const Annotated& annotated,
                                          const Report& report);
// The answer of /v2/languages.
[[nodiscard]] noa::sdk::Json languages_answer();

} // namespace drafting::lint
