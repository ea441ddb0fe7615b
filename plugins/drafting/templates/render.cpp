#include "render.hpp"

#include <exception>

#include <kainjow/mustache.hpp>

namespace drafting {

namespace {

namespace mustache = kainjow::mustache;
using noa::sdk::invalid;
using noa::sdk::Json;

constexpr std::size_t most_values = 20'000;
constexpr unsigned deepest = 16;
constexpr std::size_t most_partials = 200; // that are put in, those in others too
constexpr std::size_t most_work = 64U << 20U;
constexpr std::size_t look_cost = 32;

// The only way out of a loop of the library; caught where that is called.
struct Exhausted {};

// What is put in is counted before it is: each turn of a loop as the largest text that it may
// bring.
class Bounded final : public mustache::context<std::string> {
public:
    Bounded(const mustache::data* data, const std::map<std::string, Template>& all) : all_(all) {
        for (const auto& [name, one] : all) {
            largest_ = std::max(largest_, one.content.size());
        }
        mustache::context<std::string>::push(data);
    }
    void push(const mustache::data* data) override {
        spend(look_cost + largest_);
        mustache::context<std::string>::push(data);
    }
    const mustache::data* get(const std::string& name) const override {
        const mustache::data* found = mustache::context<std::string>::get(name);
        spend(look_cost +
              (found != nullptr && found->is_string() ? found->string_value().size() : 0));
        return found;
    }
    const mustache::data* get_partial(const std::string& name) const override {
        const auto found = all_.find(name);
        if (found == all_.end()) {
            return nullptr;
        }
        if (++partials_ > most_partials) {
            throw Exhausted();
        }
        spend(found->second.content.size());
        return &texts_.emplace(name, mustache::data(found->second.content)).first->second;
    }

private:
    void spend(std::size_t work) const {
        work_ += work;
        if (work_ > most_work) {
            throw Exhausted();
        }
    }
    const std::map<std::string, Template>& all_;
    mutable std::map<std::string, mustache::data> texts_;
    std::size_t largest_ = 0;
    mutable std::size_t work_ = 0;
    mutable std::size_t partials_ = 0;
};

noa::sdk::Result<mustache::data> data_of(const Json& json, unsigned depth, std::size_t& values) {
    if (depth > deepest || ++values > most_values) {
        return invalid("/parameters: nested too deep, or too many");
    }
    if (json.is_object()) {
        mustache::data out{mustache::data::type::object};
        for (const auto& [name, value] : json.items()) {
            auto inner = data_of(value, depth + 1, values);
            if (!inner) {
                return inner;
            }
            out.set(name, *std::move(inner));
        }
        return out;
    }
    if (json.is_array()) {
        mustache::data out{mustache::data::type::list};
        for (const Json& value : json) {
            auto inner = data_of(value, depth + 1, values);
            if (!inner) {
                return inner;
            }
            out.push_back(*inner);
        }
        return out;
    }
    if (json.is_boolean() || json.is_null()) {
        return mustache::data(json.is_boolean() && json.get<bool>());
    }
    return mustache::data(json.is_string() ? json.get<std::string>() : json.dump());
}

// With the defaults of what is absent.
noa::sdk::Result<Json> filled(const Template& one, const Json& parameters) {
    if (!parameters.is_object()) {
        return invalid("/parameters: must be an object");
    }
    Json out = parameters;
    if (!one.parameters.is_object()) {
        return out;
    }
    for (const auto& [name, value] : parameters.items()) {
        if (!one.parameters.contains(name)) {
            return invalid("/parameters/" + name + ": the template has none of that name");
        }
    }
    for (const auto& [name, about] : one.parameters.items()) {
        if (out.contains(name)) {
            continue;
        }
        if (about.contains("default")) {
            out[name] = about["default"];
        } else if (about.value("required", false)) {
            return invalid("/parameters/" + name + ": is missing");
        }
    }
    return out;
}

} // namespace

noa::sdk::Status check(const Template& one) {
    if (one.content.size() > largest_template) {
        return noa::sdk::too_large("/content: must be 64KiB at most");
    }
    if (!one.parameters.is_null() && !one.parameters.is_object()) {
        return invalid("/parameters: must be an object");
    }
    if (one.parameters.is_object()) {
        for (const auto& [name, about] : one.parameters.items()) {
            const bool good = about.is_object() &&
                              about.value("required", Json(false)).is_boolean() &&
                              about.value("help", Json("")).is_string();
            if (!good) {
                return invalid("/parameters/" + name +
                               ": must be {\"required\": true, \"default\": …, \"help\": \"…\"}");
            }
        }
    }
    try {
        const mustache::mustache parsed(one.content);
        return parsed.is_valid() ? noa::sdk::Status()
                                 : noa::sdk::Status(invalid("/content: " + parsed.error_message()));
    } catch (const std::exception& failure) {
        return invalid(std::string("/content: ") + failure.what());
    }
}

noa::sdk::Result<std::string> render(const std::string& name,
                                     const std::map<std::string, Template>& all,
                                     const Json& parameters, std::size_t most) {
    const auto found = all.find(name);
    if (found == all.end()) {
        return noa::sdk::not_found("/template: there is none of the name " + name);
    }
    auto given = filled(found->second, parameters);
    std::size_t values = 0;
    auto data =
        given ? data_of(*given, 0, values) : noa::sdk::Result<mustache::data>(given.error());
    if (!data) {
        return data.error();
    }
    try {
        mustache::mustache parsed(found->second.content);
        parsed.set_custom_escape([](const std::string& text) { return text; });
        Bounded context(&*data, all);
        std::string out = parsed.render(context);
        if (!parsed.is_valid()) {
            return invalid("template " + name + ": " + parsed.error_message());
        }
        if (out.size() <= most) {
            return out;
        }
    } catch (const Exhausted&) { // as below
    } catch (const std::exception& failure) {
        return invalid("template " + name + ": " + failure.what());
    }
    return noa::sdk::too_large("template " + name +
                               ": what it makes is too large, or takes too many steps");
}

} // namespace drafting
