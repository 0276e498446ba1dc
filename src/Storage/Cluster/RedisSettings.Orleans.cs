using Sophia.Log;
using StackExchange.Redis;

namespace Sophia.Cluster;

/// <summary>Reads SOPHIA_REDIS and adds what every connection of Sophia has.</summary>
public static class RedisSettings
{
    /// <exception cref="StorageException">It is no such text. Its password is not repeated.</exception>
    public static ConfigurationOptions Of(string text)
    {
        try
        {
            var settings = ConfigurationOptions.Parse(text);
            // Redis may come later than Sophia, and go: nobody waits for it at start, and no call waits long.
            settings.AbortOnConnectFail = false;
            settings.ConnectTimeout = settings.AsyncTimeout = settings.SyncTimeout = 2_000;
            settings.BacklogPolicy = BacklogPolicy.FailFast;
            settings.AllowAdmin = true; // To read how it is set up (CONFIG GET).
            settings.ClientName = "sophia";
            return settings;
        }
        catch (ArgumentException)
        {
            throw new StorageException(StorageFault.Unreachable, "SOPHIA_REDIS is no address of a Redis: write host:port,password=…");
        }
    }
}
