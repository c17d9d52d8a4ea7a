"""`python -m ugvae_tf COMMAND`."""

from ugvae_tf.commands.main import main

if __name__ == "__main__":
    main()
