// Who is where in a draft.
#include <utility>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr std::size_t longest_session = 64;
constexpr std::size_t longest_shown = 64;

noa::Status check_session(const Session& session) {
    const auto good = [](const std::string& text, std::size_t most) {
        return text.size() <= most && is_utf8(text) &&
               text.find_first_of(std::string_view("\n\r\t\0", 4)) == std::string::npos;
    };
    if (!good(session.id, longest_session) || !good(session.name, longest_shown)) {
        return noa::invalid("/session, /name: must be a line of 64 bytes at most");
    }
    return {};
}

noa::Status read_cursor(const noa::Json& cursor, noa::Json& ret_cursor) {
    if (cursor.is_null()) {
        ret_cursor = nullptr;
        return {};
    }
    const auto at = [&cursor](const char* name) -> std::optional<std::uint64_t> {
        const auto found = cursor.find(name);
        return found != cursor.end() && found->is_number_unsigned()
                   ? std::optional(found->get<std::uint64_t>())
                   : std::nullopt;
    };
    if (!cursor.is_object() || !at("anchor") || !at("head")) {
        return noa::invalid("/cursor: must be {\"anchor\", \"head\"}");
    }
    ret_cursor = {{"anchor", *at("anchor")}, {"head", *at("head")}};
    return {};
}

noa::Json told_session(const Session& session) {
    noa::Json out{{"session", session.id}, {"name", session.name}, {"author", session.author}};
    if (session.observes) {
        out["observes"] = true;
    }
    if (!session.cursor.is_null()) {
        out["cursor"] = session.cursor;
        out["version"] = session.version;
    }
    return out;
}

} // namespace

void Drafting::set_up_presence(noa::Setup& setup) {
    setup.operation(
        "open", "A draft to write in, and who else is there",
        [this](const OpenRequest& request, const noa::Request& message, noa::Responder responder) {
            open(request, message, std::move(responder));
        });
    setup.operation(
        "presence", "Says where one is in a draft",
        [this](const PresenceRequest& request, const noa::Request& message,
               noa::Responder responder) { presence(request, message, std::move(responder)); });
    setup.operation("close", "Ends a session",
                    [this](const CloseRequest& request, noa::Responder responder) {
                        close(request, std::move(responder));
                    });
}

void Drafting::open(const OpenRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    const auto as = who(request.as, message);
    with_draft_as(request.id, as, Role::viewer, std::move(responder),
                  [this, as, request](OpenDraft& draft, noa::Responder back) {
                      Session session;
                      session.id = request.session;
                      session.author = *as;
                      session.name = request.name.empty() ? *as : request.name;
                      session.observes = request.observe;
                      opened(draft, std::move(session), std::move(back));
                  });
}

void Drafting::opened(OpenDraft& draft, Session session, noa::Responder responder) {
    const Draft& facts = draft.authority.draft();
    if (session.id.empty()) {
        session.id = std::to_string(chance_) + "-" + std::to_string(++sessions_begun_);
    }
    session.seen = now();
    noa::Status good = check_session(session);
    const Role role = facts.role_of(session.author);
    const noa::Json own = session.id;
    auto kept = good ? sessions_.put(facts.id, std::move(session), settings_.sessions.most,
                                     settings_.sessions.draft)
                     : noa::Result<Session*>(good.error());
    if (!kept) {
        responder.fail(kept.error());
        return;
    }
    tell_present(facts.id, **kept);
    noa::Json out = told(facts, draft.authority.version());
    out["session"] = own;
    out["assists"] = !settings_.model.url.empty();
    out["role"] = name_of((*kept)->observes ? std::min(role, Role::viewer) : role);
    noa::Json others = noa::Json::array();
    for (const Session* one : sessions_.of(facts.id)) {
        if (one != *kept) {
            others.push_back(told_session(*one));
        }
    }
    out["sessions"] = std::move(others);
    when_committed(
        std::move(responder),
        [this, out = std::move(out), text = draft.authority.text()](noa::Responder back) mutable {
            reply_page(std::move(out), text, 0, std::move(back));
        });
}

void Drafting::tell_present(const std::string& draft, const Session& session) {
    noa::Json out = told_session(session);
    out["id"] = draft;
    static_cast<void>(publish("drafts." + draft + ".presence", noa::json_body(out)));
}

void Drafting::tell_gone(const std::string& draft, const std::string& session) {
    static_cast<void>(
        publish("drafts." + draft + ".presence",
                noa::json_body(noa::Json{{"id", draft}, {"session", session}, {"gone", true}})));
}

void Drafting::presence(const PresenceRequest& request, const noa::Request& message,
                        noa::Responder responder) {
    constexpr double most_in_a_second = 50;
    const auto as = who(request.as, message);
    if (!allowed("at/" + request.id + "/" + request.session, 1, most_in_a_second)) {
        responder.fail(
            noa::Error{NOA_E_BUSY, "no more than 50 a second", std::chrono::milliseconds(100)});
        return;
    }
    with_draft_as(
        request.id, as, Role::viewer, std::move(responder),
        [this, as, request](OpenDraft& draft, noa::Responder back) {
            const std::string& id = draft.authority.draft().id;
            // One that a reload has forgotten is known again.
            const Session* known = sessions_.find(id, request.session);
            Session session = known != nullptr ? *known : Session{};
            session.id = request.session;
            session.author = *as;
            session.observes = known != nullptr ? known->observes : request.observe;
            if (!request.name.empty() || session.name.empty()) {
                session.name = request.name.empty() ? *as : request.name;
            }
            session.seen = now();
            noa::Status good = request.session.empty()
                                   ? noa::Status(noa::invalid("/session: is empty"))
                                   : check_session(session);
            if (good && request.cursor) {
                good = read_cursor(*request.cursor, session.cursor);
                session.version = request.version;
            }
            auto kept = good ? sessions_.put(id, std::move(session), settings_.sessions.most,
                                             settings_.sessions.draft)
                             : noa::Result<Session*>(good.error());
            if (!kept) {
                back.fail(kept.error());
                return;
            }
            tell_present(id, **kept);
            back.reply(noa::json_body(noa::Json{{"version", draft.authority.committed()}}));
        });
}

void Drafting::close(const CloseRequest& request, noa::Responder responder) {
    if (sessions_.drop(request.id, request.session)) {
        tell_gone(request.id, request.session);
    }
    responder.reply(noa::json_body(noa::Json::object()));
}

void Drafting::look_after_sessions() {
    for (const auto& [draft, session] : sessions_.drop_silent(now() - settings_.sessions.silent)) {
        tell_gone(draft, session);
    }
}

} // namespace drafting
