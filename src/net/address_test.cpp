#include "net/address.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace nightjar::net {
namespace {

TEST(Address, IsReadFromAUrl) {
  const Address plain = parse_address("http://localhost:8080/v1?x=1#part");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.port, "8080");
  EXPECT_EQ(plain.target, "/v1?x=1");
  EXPECT_EQ(plain.authority(), "localhost:8080");
  const Address secure = parse_address("HTTPS://me:p%40ss@api.example");
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.port, "443");
  EXPECT_EQ(secure.target, "/");
  EXPECT_EQ(secure.credentials, "me:p@ss");
  EXPECT_EQ(secure.authority(), "api.example");
  EXPECT_EQ(secure.host_and_port(), "api.example:443");
  const Address number = parse_address("http://[::1]:81?q");
  EXPECT_EQ(number.host, "::1");
  EXPECT_EQ(number.target, "/?q");
  EXPECT_EQ(number.authority(), "[::1]:81");
}

TEST(Address, WhatIsNoneIsRefused) {
  for (const auto* url :
       {"", "localhost", "file:///etc/passwd", "http://", "http://:80/", "http://a:0/",
        "http://a:99999/", "http://a:8x/", "http://[::1/", "http://a b/", "http://a/b c",
        "http://a/\r\nEvil: 1", "https:/a", "http://a\\b/"})
    EXPECT_THROW(parse_address(url), Error) << url;
}

std::string route_with(const std::string& url, std::map<std::string, std::string> variables,
                       const std::string& named = "") {
  const auto proxy = proxy_for(parse_address(url), named, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  if (!proxy) return "direct";
  return (proxy->kind == Proxy::Kind::Http ? "http " : "socks5 ") + proxy->host + ":" +
         proxy->port + (proxy->credentials.empty() ? "" : " as " + proxy->credentials);
}

TEST(Proxy, IsWhatTheEnvironmentSays) {
  EXPECT_EQ(route_with("http://a/", {}), "direct");
  EXPECT_EQ(route_with("http://a/", {{"http_proxy", "http://p:3128"}}), "http p:3128");
  EXPECT_EQ(route_with("http://a/", {{"HTTP_PROXY", "http://p:3128"}}), "direct")
      << "in capitals it may come from a client's header";
  EXPECT_EQ(route_with("https://a/", {{"http_proxy", "http://p:3128"}}), "direct");
  EXPECT_EQ(route_with("https://a/", {{"HTTPS_PROXY", "p"}}), "http p:1080");
  EXPECT_EQ(route_with("https://a/", {{"all_proxy", "socks5h://u:w@p:9050/"}}),
            "socks5 p:9050 as u:w");
  EXPECT_EQ(route_with("https://a/", {{"https_proxy", ""}, {"ALL_PROXY", "http://q:1"}}),
            "http q:1");
  EXPECT_EQ(route_with("https://a/", {{"no_proxy", "*"}, {"https_proxy", "p"}}, "http://named:5"),
            "http named:5");
  EXPECT_THROW(route_with("https://a/", {{"https_proxy", "ftp://p"}}), Error);
}

TEST(Proxy, ExceptionsAreHostsDomainsAndNetworks) {
  const auto with = [](const std::string& url, const std::string& exceptions) {
    return route_with(url, {{"all_proxy", "http://p:1"}, {"no_proxy", exceptions}});
  };
  EXPECT_EQ(with("http://api.example/", "x.org, example"), "direct");
  EXPECT_EQ(with("http://api.example/", ".EXAMPLE"), "direct");
  EXPECT_EQ(with("http://api.example/", "pi.example"), "http p:1");
  EXPECT_EQ(with("http://localhost:80/", "localhost,127.0.0.1"), "direct");
  EXPECT_EQ(with("http://10.1.2.3/", "10.0.0.0/8"), "direct");
  EXPECT_EQ(with("http://11.1.2.3/", "10.0.0.0/8"), "http p:1");
  EXPECT_EQ(with("http://[fd00::1]/", "fd00::/8"), "direct");
  EXPECT_EQ(with("http://1.2.3.4/", "3.4"), "http p:1") << "a number has no domain above it";
  EXPECT_EQ(with("http://anything/", "*"), "direct");
}

}  // namespace
}  // namespace nightjar::net
