namespace Orleans.Runtime
{
    /// <summary>The runtime failed, as opposed to the grain's own code.</summary>
    public class OrleansException : Exception
    {
        /// <summary>With a general text.</summary>
        public OrleansException() : base("Unexpected error.") { }

        /// <summary>With a text.</summary>
        public OrleansException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public OrleansException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The configuration cannot work.</summary>
    public sealed class OrleansConfigurationException : Exception
    {
        /// <summary>With a text.</summary>
        public OrleansConfigurationException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public OrleansConfigurationException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A message was refused before it reached a grain's code; it had no effect.</summary>
    public class OrleansMessageRejectionException : OrleansException
    {
        internal OrleansMessageRejectionException(string message) : base(message) { }

        internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo that the message needs is stopping or gone.</summary>
    public class SiloUnavailableException : OrleansMessageRejectionException
    {
        /// <summary>With a general text.</summary>
        public SiloUnavailableException() : base("SiloUnavailableException") { }

        /// <summary>With a text.</summary>
        public SiloUnavailableException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The object behind an observer reference is gone.</summary>
    public class ClientNotAvailableException : OrleansException
    {
        internal ClientNotAvailableException(string message) : base(message) { }
    }
}

namespace Orleans.Runtime.Messaging
{
    /// <summary>No connection to a silo; in one process there is none to fail, but code that runs on both runtimes names it.</summary>
    public class ConnectionFailedException : OrleansException
    {
        /// <summary>With a text.</summary>
        public ConnectionFailedException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public ConnectionFailedException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Storage
{
    using Orleans.Runtime;

    /// <summary>No storage of the asked name is configured.</summary>
    public sealed class BadProviderConfigException : OrleansException
    {
        /// <summary>With a text.</summary>
        public BadProviderConfigException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public BadProviderConfigException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization
{
    /// <summary>A value of this type cannot cross a grain boundary.</summary>
    public class CodecNotFoundException : Exception
    {
        /// <summary>With a text.</summary>
        public CodecNotFoundException(string message) : base(message) { }
    }
}
