// Many messages in one of the bus.
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t usual_messages = 64;

noa::Result<std::vector<noa::Result<SendRequest>>> parse_many(std::string_view body) {
    JsonScan scan(body);
    const auto whole = scan.value();
    noa::Status good = whole ? scan.end() : noa::Status(whole.error());
    std::string_view messages;
    if (good && whole->type == JsonType::object) {
        good = JsonScan::members(whole->text, [&](std::string_view key, const JsonSpan& value) {
            if (key != "messages" || value.type != JsonType::array) {
                return noa::Status(noa::invalid("/messages: must be a list, and all there is"));
            }
            messages = value.text;
            return noa::Status();
        });
    }
    if (good && messages.empty()) {
        good = noa::invalid("/messages: must be there");
    }
    std::vector<noa::Result<SendRequest>> all;
    all.reserve(usual_messages);
    good =
        good ? JsonScan::items(messages,
                               [&](const JsonSpan& item) {
                                   if (all.size() == most_in_one) {
                                       return noa::Status(noa::invalid("/messages: 1000 at most"));
                                   }
                                   SendRequest& wanted = *all.emplace_back(SendRequest());
                                   noa::Status parsed =
                                       item.type == JsonType::object
                                           ? parse_members(item.text, wanted)
                                           : noa::Status(noa::invalid("must be an object"));
                                   if (!parsed) {
                                       all.back() = parsed.error();
                                   }
                                   return noa::Status();
                               })
             : good;
    if (!good) {
        return good.error();
    }
    return all;
}

} // namespace

void Communication::send_many(const noa::sdk::Message& request, noa::Responder responder) {
    auto sender = sender_of(request);
    auto all = sender ? parse_many(request.body())
                      : noa::Result<std::vector<noa::Result<SendRequest>>>(sender.error());
    std::set<std::string> unknown;
    if (all) {
        for (const auto& wanted : *all) {
            if (wanted) {
                add_unknown(*wanted, unknown);
            }
        }
    }
    noa::Status good = all ? noa::Status() : noa::Status(all.error());
    noa::KeptMessage kept;
    if (!unknown.empty()) {
        good = keep_into(request, kept);
    }
    if (!good) {
        refused_.add();
        responder.fail(good.error());
    } else if (unknown.empty()) {
        take_many(*all, *sender, std::move(responder));
    } else {
        ask_first(std::move(unknown),
                  [this, kept = std::move(kept), responder = std::move(responder)]() mutable {
                      send_many(*kept, std::move(responder));
                  });
    }
}

void Communication::take_many(std::vector<noa::Result<SendRequest>>& all, const Sender& sender,
                              noa::Responder responder) {
    std::string ids;
    noa::Json errors = noa::Json::array();
    std::size_t accepted = 0;
    for (std::size_t index = 0; index < all.size(); ++index) {
        auto taken = all[index] ? take(*all[index], sender, index)
                                : noa::Result<std::vector<Taken>>(all[index].error());
        if (!taken) {
            refused_.add();
            errors.push_back({{"index", index},
                              {"error", taken.error().text},
                              {"status", noa::sdk::name_of(taken.error().status)}});
            continue;
        }
        for (const Taken& one : *taken) {
            ids += ids.empty() ? "" : ",";
            append_id(ids, one.id);
        }
        ++accepted;
    }
    std::string text = "{\"accepted\":" + std::to_string(accepted) + ",\"ids\":[" + ids + "]";
    text += errors.empty() ? "}" : ",\"errors\":" + noa::json_text(errors) + "}";
    gathering_->answers.push_back({std::move(responder), std::move(text)});
    flush();
}

} // namespace communication
