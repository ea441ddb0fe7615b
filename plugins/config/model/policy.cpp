#include "policy.hpp"

#include "../store/document.hpp"

namespace config {

namespace {

constexpr std::size_t most_consumers = 16;

} // namespace

Policy policy_of(const noa::Json& text) {
    Policy policy;
    for (const noa::Json& name : text.value("consumers", noa::Json::array())) {
        policy.consumers.push_back(name.get<std::string>());
    }
    policy.consumers_required = text.value("consumers_required", false);
    return policy;
}

std::string fault_of_policy(const noa::Json& text) {
    for (const auto& [key, value] : text.items()) {
        if (key == "consumers") {
            if (!value.is_array() || value.size() > most_consumers) {
                return "/consumers: expected an array of at most 16 names of agents";
            }
            for (const noa::Json& name : value) {
                if (!name.is_string() || !is_name(name.get_ref<const std::string&>())) {
                    return "/consumers: expected names of agents";
                }
            }
        } else if (key == "consumers_required") {
            if (!value.is_boolean()) {
                return "/consumers_required: expected true or false";
            }
        } else {
            return "/" + key.substr(0, longest_name) + ": unknown key";
        }
    }
    return {};
}

} // namespace config
