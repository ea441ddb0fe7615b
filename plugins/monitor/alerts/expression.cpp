#include "expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "noa/sdk/units.hpp"

namespace monitor {

namespace {

struct Symbol {
    std::string_view text;
    Operator op;
    unsigned level; // what binds more is higher
};
// Longer ones before those that they begin with.
constexpr std::array symbols{Symbol{"==", Operator::equal, 3},   Symbol{"!=", Operator::unequal, 3},
                             Symbol{"<=", Operator::most, 3},    Symbol{">=", Operator::least, 3},
                             Symbol{"<", Operator::less, 3},     Symbol{">", Operator::more, 3},
                             Symbol{"+", Operator::add, 4},      Symbol{"-", Operator::subtract, 4},
                             Symbol{"*", Operator::multiply, 5}, Symbol{"/", Operator::divide, 5}};
constexpr std::array words{Symbol{"or", Operator::either, 1}, Symbol{"and", Operator::both, 2},
                           Symbol{"unless", Operator::unless, 2}};
constexpr unsigned lowest = 1;

constexpr std::string_view digits = "0123456789";
constexpr std::array<std::string_view, 5> range_units{"ms", "s", "m", "h", "d"};

// What is no name to Prometheus, in capitals neither.
constexpr std::array<std::string_view, 16> reserved{
    "and",         "or",   "unless", "by",  "without", "on",    "ignoring", "group_left",
    "group_right", "bool", "offset", "inf", "nan",     "atan2", "start",    "end"};

bool is_reserved(std::string name) {
    std::ranges::transform(name, name.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return std::ranges::find(reserved, name) != reserved.end();
}

template <class T, std::size_t Count>
std::optional<T> find(const std::array<std::pair<std::string_view, T>, Count>& all,
                      std::string_view name) {
    const auto found = std::ranges::find(all, name, &std::pair<std::string_view, T>::first);
    return found == all.end() ? std::nullopt : std::optional(found->second);
}

constexpr std::array<std::pair<std::string_view, OverTime>, 6> over_time_names{
    {{"rate", OverTime::rate},
     {"increase", OverTime::increase},
     {"avg_over_time", OverTime::avg},
     {"min_over_time", OverTime::min},
     {"max_over_time", OverTime::max},
     {"quantile_over_time", OverTime::quantile}}};
constexpr std::array<std::pair<std::string_view, Aggregate>, 5> aggregate_names{
    {{"sum", Aggregate::sum},
     {"avg", Aggregate::avg},
     {"min", Aggregate::min},
     {"max", Aggregate::max},
     {"count", Aggregate::count}}};

// By descent. The first failure is kept, and every step after it does nothing.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    noa::Result<ExpressionPtr> whole() {
        ExpressionPtr all = binary(lowest);
        blanks();
        if (failure_.empty() && at_ < text_.size()) {
            fail("an operator is expected");
        }
        if (failure_.empty() && all->is_number()) {
            at_ = 0;
            fail("there is no figure in it");
        }
        if (!failure_.empty()) {
            return noa::sdk::invalid("column " + std::to_string(failed_at_ + 1) + ": " + failure_);
        }
        return all;
    }

private:
    void fail(std::string_view why) {
        if (failure_.empty()) {
            failure_ = why;
            failed_at_ = at_;
        }
    }
    void blanks() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
    bool take(std::string_view symbol) {
        blanks();
        const bool found = rest().starts_with(symbol);
        at_ += found ? symbol.size() : 0;
        return found;
    }
    void want(std::string_view symbol) {
        if (!take(symbol)) {
            fail("\"" + std::string(symbol) + "\" is expected");
        }
    }
    [[nodiscard]] std::string_view peek_word() {
        constexpr std::string_view letters =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
        blanks();
        return rest().substr(0, rest().find_first_not_of(letters));
    }
    std::string word() {
        std::string found(peek_word());
        if (!is_metric_name(found) || is_reserved(found)) {
            fail("a name is expected");
        }
        at_ += found.size();
        return found;
    }

    std::optional<Symbol> peek_operator() {
        const std::string_view next = peek_word();
        for (const Symbol& word : words) {
            if (word.text == next) {
                return word;
            }
        }
        for (const Symbol& symbol : symbols) {
            if (rest().starts_with(symbol.text)) {
                return symbol;
            }
        }
        return std::nullopt;
    }

    ExpressionPtr binary(unsigned level) {
        ExpressionPtr left = primary();
        for (auto next = peek_operator(); failure_.empty() && next && next->level >= level;
             next = peek_operator()) {
            at_ += next->text.size();
            auto both = std::make_unique<Expression>();
            both->form = Expression::Form::binary;
            both->op = next->op;
            both->left = std::move(left);
            both->right = binary(next->level + 1);
            left = std::move(both);
            check_sides(*left);
        }
        return left;
    }

    // Of two numbers nothing can be left out, and there are no labels to go by.
    void check_sides(const Expression& both) {
        const bool sets =
            both.op == Operator::both || both.op == Operator::either || both.op == Operator::unless;
        if (failure_.empty() && sets && (both.left->is_number() || both.right->is_number())) {
            fail("and, or and unless stand between figures");
        } else if (failure_.empty() && both.op >= Operator::equal && both.is_number()) {
            fail("a figure is to be compared, not two numbers");
        }
    }

    ExpressionPtr primary() {
        auto made = std::make_unique<Expression>();
        if (++depth_ > max_nesting || ++parts_ > max_parts) {
            fail(depth_ > max_nesting ? "nested too deep" : "too many parts");
        } else if (take("(")) {
            made = binary(lowest);
            want(")");
        } else if (blanks();
                   at_ < text_.size() &&
                   (std::string_view("0123456789.-").find(text_[at_]) != std::string_view::npos)) {
            made->number = number();
        } else {
            named(*made);
        }
        --depth_;
        return made;
    }

    double number() {
        blanks();
        double value = 0;
        const char* begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
        const bool octal = rest().size() > 1 && rest()[0] == '0' && rest()[1] >= '0' &&
                           rest()[1] <= '9'; // elsewhere
        if (error != std::errc() || !std::isfinite(value) || octal) {
            fail("a number is expected");
            return 0;
        }
        at_ += static_cast<std::size_t>(end - begin);
        return value;
    }

    void named(Expression& made) {
        const std::string name = word();
        if (const auto function = find(over_time_names, name)) {
            made.form = Expression::Form::over_time;
            made.over_time = *function;
            want("(");
            if (*function == OverTime::quantile) {
                made.number = number();
                want(",");
            }
            made.name = word();
            match(made);
            range(made);
            want(")");
        } else if (name == "histogram_quantile") {
            made.form = Expression::Form::histogram_quantile;
            want("(");
            made.number = number();
            want(",");
            argument(made);
        } else if (const auto aggregate = find(aggregate_names, name)) {
            made.form = Expression::Form::aggregate;
            made.aggregate = *aggregate;
            by(made);
            want("(");
            argument(made);
        } else {
            made.form = Expression::Form::selector;
            made.name = name;
            match(made);
        }
    }

    void argument(Expression& made) {
        made.left = binary(lowest);
        if (failure_.empty() && made.left->is_number()) {
            fail("a figure is expected");
        }
        want(")");
    }

    void match(Expression& made) {
        if (!take("{")) {
            return;
        }
        while (failure_.empty() && !take("}")) {
            Match one;
            one.label = word();
            one.equal = !take("!=");
            if (one.equal) {
                want("=");
            }
            one.value = quoted();
            made.match.push_back(std::move(one));
            if (!take(",")) {
                want("}");
                return;
            }
        }
    }
    std::string quoted() {
        want("\"");
        std::string value;
        while (failure_.empty() && at_ < text_.size() && text_[at_] != '"') {
            const bool escape = text_[at_] == '\\';
            at_ += escape ? 1 : 0;
            const std::string_view next = text_.substr(at_, 1);
            if (next.empty() || static_cast<unsigned char>(next[0]) < ' ' ||
                (escape && next != "\"" && next != "\\")) {
                fail("a text may hold \\\" and \\\\, no other of these, and no control characters");
            }
            value += next;
            ++at_;
        }
        at_ = std::min(at_, text_.size());
        want("\"");
        return value;
    }
    void range(Expression& made) {
        want("[");
        const std::string_view text = peek_word();
        const std::string_view unit =
            text.substr(std::min(text.find_first_not_of("0123456789"), text.size()));
        const auto duration = noa::sdk::parse_duration(text);
        if (!duration || *duration <= noa::Duration::zero() || unit.find_first_of(digits) == 0 ||
            std::ranges::find(range_units, unit) == range_units.end()) {
            fail("a duration like 5m is expected");
            return;
        }
        made.range = *duration;
        at_ += peek_word().size();
        want("]");
    }
    void by(Expression& made) {
        if (peek_word() != "by") {
            return;
        }
        at_ += 2;
        want("(");
        do {
            made.by.push_back(word());
        } while (failure_.empty() && take(","));
        want(")");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
    unsigned parts_ = 0;
    std::string failure_;
    std::size_t failed_at_ = 0;
};

} // namespace

noa::Result<ExpressionPtr> parse_expression(std::string_view text) {
    if (text.size() > max_expression) {
        return noa::sdk::invalid("longer than " + std::to_string(max_expression) + " bytes");
    }
    return Parser(text).whole();
}

} // namespace monitor
