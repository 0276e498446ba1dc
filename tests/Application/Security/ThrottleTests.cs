using System.Net;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Security;

/// <summary>Who tries codes is slowed down.</summary>
public class ThrottleTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task Codes_cannot_be_tried_without_end()
    {
        for (var n = 0; n < EdgeLimits.SignInsPerMinute; n++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await Try()).StatusCode);
        await (await Try()).Problem(429, "busy");
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/me")).StatusCode);
    }

    private Task<HttpResponseMessage> Try()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/signin") { Content = new FormUrlEncodedContent([new("code", "default.guess")]) };
        request.Headers.Add("Origin", app.Url);
        return app.Stranger.SendAsync(request);
    }
}
