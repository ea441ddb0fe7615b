// Rules for what is said in messages: against scripts and SQL that somebody smuggles in, and those
// that an operator adds. They tell; what is done about it is for others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk.hpp"

namespace communication {

enum class RuleMode : std::uint8_t { off, flag, reject };
[[nodiscard]] noa::Result<RuleMode> rule_mode(std::string_view name);

struct CustomRule {
    std::string name;
    std::string pattern; // Perl's form, matched with the normal form
    RuleMode mode = RuleMode::flag;
};

struct RuleTerms {
    RuleMode script = RuleMode::flag;
    RuleMode sql = RuleMode::flag;
    std::vector<CustomRule> custom = {};
    std::uint64_t examined = 256U << 10U; // bytes of a message's texts
};

// In the place of a rule's name: there was more of it than is examined.
inline constexpr std::string_view not_examined = "not_examined";

struct Findings {
    std::vector<std::string> flags; // names of rules, each once
    std::string rejected;           // by which rule; empty: by none
};

class Rules {
public:
    // NOA_E_INVALID: which pattern is none.
    [[nodiscard]] static noa::Result<Rules> make(const RuleTerms& terms);
    Rules(Rules&&) noexcept;
    Rules& operator=(Rules&&) noexcept;
    ~Rules();

    // Of the texts of a body, JSON that JsonScan found good or text/…; nothing for what is neither.
    [[nodiscard]] Findings examine(std::string_view body, std::string_view content_type) const;
    // The names of the built-in ones.
    [[nodiscard]] static std::vector<std::string> names();

private:
    struct Rule;
    Rules();
    void examine_text(std::string_view text, std::uint64_t& left, Findings& found) const;
    void examine_piece(std::string_view piece, Findings& found) const;

    std::vector<Rule> rules_;
    std::uint64_t examined_ = 0;
    bool custom_ = false;
    bool rejects_ = false; // any of them does
};

} // namespace communication
