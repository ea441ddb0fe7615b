// Notices by mail: RFC 5322 over SMTP.
#pragma once

#include <string>
#include <vector>

#include "alerts.hpp"
#include "record.hpp"

namespace monitor {

struct MailTerms {
    std::string server; // smtp://HOST[:PORT], or smtps://
    std::string user;   // empty: nobody
    std::string password;
    std::string from;
    std::vector<std::string> to;
    noa::Duration timeout = std::chrono::seconds(30);
};

// One that a mail server takes and that nothing else is smuggled in with: a@b, printable ASCII.
[[nodiscard]] bool is_mail_address(const std::string& text);
// smtp:// or smtps://, a host, maybe a port; nothing else.
[[nodiscard]] bool is_mail_server(const std::string& text);

// Head and body, lines ended with CR LF.
[[nodiscard]] std::string mail_text(const MailTerms& terms, const Notice& notice,
                                    const WallClock& clock, const std::string& host);

// Off the lane. TLS where the server offers it; with a user, or without it nothing is sent.
// Errors  NOA_E_FAILED with libcurl's word, which has no password in it.
[[nodiscard]] noa::Status send_mail(const MailTerms& terms, const std::string& text);

} // namespace monitor
