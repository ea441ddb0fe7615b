#include "figures.hpp"

#include <algorithm>
#include <utility>

namespace console {

namespace {

constexpr std::size_t most_figures = 200'000;

} // namespace

// Takes the parts as the parser comes to them: there are thousands of figures, and nothing else is
// wanted of the text. What it does not know, at whatever depth, is passed over.
class Figures::Reader : public nlohmann::json_sax<noa::Json> {
public:
    explicit Reader(Figures& into) : into_(into) {}

    bool key(string_t& name) override {
        key_ = std::move(name);
        if (depth_ == in_answer) {
            in_figures_ = key_ == "figures";
        } else if (depth_ == in_figure) {
            in_labels_ = key_ == "labels";
        }
        return true;
    }
    bool string(string_t& text) override {
        if (depth_ == in_figure && key_ == "name") {
            name_ = std::move(text);
        } else if (depth_ == in_figure && key_ == "type") {
            figure_.counter = text == "counter";
        } else if (depth_ == in_label && in_labels_ && in_figures_) {
            figure_.labels.insert_or_assign(key_, std::move(text));
        }
        return true;
    }
    bool number(double value) {
        if (depth_ == in_answer && key_ == "at") {
            into_.at_ = static_cast<std::int64_t>(value);
        } else if (depth_ == in_figure && key_ == "value") {
            figure_.value = value;
            has_value_ = true;
        }
        return true;
    }
    bool start_object(std::size_t /*size*/) override {
        if (++depth_ == in_list) {
            in_figures_ = false; // it is no list
        } else if (depth_ == in_figure) {
            name_.clear();
            figure_ = Figure();
            has_value_ = in_labels_ = false;
        }
        return true;
    }
    bool end_object() override {
        const bool whole = in_figures_ && has_value_ && !name_.empty();
        if (depth_-- == in_figure && whole && ++count_ <= most_figures) {
            into_.all_[std::move(name_)].push_back(std::move(figure_));
        }
        return true;
    }
    bool start_array(std::size_t /*size*/) override {
        ++depth_;
        return true;
    }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool number_integer(number_integer_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_float(number_float_t value, const string_t& /*text*/) override {
        return number(value);
    }
    bool null() override { return true; }
    bool boolean(bool /*value*/) override { return true; }
    bool binary(binary_t& /*value*/) override { return true; }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        return false;
    }

private:
    static constexpr unsigned in_answer = 1;
    static constexpr unsigned in_list = 2;
    static constexpr unsigned in_figure = 3;
    static constexpr unsigned in_label = 4;

    Figures& into_;
    unsigned depth_ = 0;
    bool in_figures_ = false;
    bool in_labels_ = false;
    std::string key_;
    std::string name_;
    Figure figure_;
    bool has_value_ = false;
    std::size_t count_ = 0;
};

std::optional<Figures> Figures::parse(std::string_view answer) {
    Figures figures;
    Reader reader(figures);
    if (!noa::Json::sax_parse(answer, &reader)) {
        return std::nullopt;
    }
    return figures;
}

const std::vector<Figure>& Figures::named(const std::string& name) const {
    static const std::vector<Figure> none;
    const auto found = all_.find(name);
    return found == all_.end() ? none : found->second;
}

std::optional<double> Figures::sum(const std::string& name, const Counts& counts) const {
    const auto& figures = named(name);
    if (figures.empty()) {
        return std::nullopt;
    }
    double sum = 0;
    for (const Figure& figure : figures) {
        sum += !counts || counts(figure) ? figure.value : 0;
    }
    return sum;
}

} // namespace console
