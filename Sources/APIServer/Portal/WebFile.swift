// Files of the pages that people see in a browser.

import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
  /// A file of a page. Nothing is fetched from elsewhere or framed; scripts and styles
  /// are files of this server, so that no text on a page can become one.
  static func webFile(_ text: String, _ type: String, headers: HTTPFields = [:]) -> Response {
    var fields = headers
    fields[.contentType] = "\(type); charset=utf-8"
    fields[.xContentTypeOptions] = "nosniff"
    fields[.referrerPolicy] = "no-referrer"
    fields[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
      + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    return Response(
      status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
